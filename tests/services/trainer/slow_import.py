"""Takes a minute to import, with this file open meanwhile."""

import time
from pathlib import Path

with Path(__file__).open() as file:
    time.sleep(60)
