"""Run the site's command line: `python -m infra.site`."""

import sys

from infra.site.cli import main

if __name__ == "__main__":
    sys.exit(main())
