"""Run one crawl: `python -m spiders SOURCE`."""

import sys

from spiders.app import main

if __name__ == "__main__":
    sys.exit(main())
