"""Run the service: `python -m services.gateway`."""

import sys

from services.gateway.server import main

if __name__ == "__main__":
    sys.exit(main())
