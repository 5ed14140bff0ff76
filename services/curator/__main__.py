"""Run the service: `python -m services.curator`."""

import sys

from services.curator.app import main

if __name__ == "__main__":
    sys.exit(main())
