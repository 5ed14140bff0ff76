"""Lets the port of tasks be imported without their table, which brings torch: ten seconds that a tiny task needn't."""

import sys
from pathlib import Path
from types import ModuleType

PACKAGE = "services.trainer.tasks"

if PACKAGE not in sys.modules:
    package = ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parents[3] / PACKAGE.replace(".", "/"))]
    sys.modules[PACKAGE] = package
