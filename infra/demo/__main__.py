"""Run the demo: `python -m infra.demo`."""

import sys

from infra.demo.cli import main

if __name__ == "__main__":
    sys.exit(main())
