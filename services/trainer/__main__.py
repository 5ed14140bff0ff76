"""Run the service: `python -m services.trainer`."""

import sys

from services.trainer.app import main

if __name__ == "__main__":
    sys.exit(main())
