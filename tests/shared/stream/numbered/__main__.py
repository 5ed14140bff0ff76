"""Run the numbered service; `NUMBERED_COMMIT`, `NUMBERED_SETTLE` and `NUMBERED_COMPANION` turn its ports on."""

import os

from shared.stream.worker import main
from tests.shared.stream.numbered.service import SERVICE, MarkingSettler, RecordingCommitter, companion

if __name__ == "__main__":
    main(
        SERVICE,
        RecordingCommitter if os.environ.get("NUMBERED_COMMIT") else None,
        make_settler=(lambda _: MarkingSettler()) if os.environ.get("NUMBERED_SETTLE") else None,
        companions=(companion,) if os.environ.get("NUMBERED_COMPANION") else (),
    )
