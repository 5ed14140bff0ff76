"""Run the numbered service; `NUMBERED_COMMIT` turns its commit port on."""

import os

from shared.stream.worker import main
from tests.shared.stream.numbered.service import SERVICE, RecordingCommitter

if __name__ == "__main__":
    main(SERVICE, RecordingCommitter if os.environ.get("NUMBERED_COMMIT") else None)
