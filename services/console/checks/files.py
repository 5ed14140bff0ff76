"""The files with secrets: there, and for our eyes alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from services.console.core.diagnosis import Finding, Verdict, judge_mode
from shared.settings import SigningSettings, StoreSettings, env_file, home, load, variable

_CONFIGURATIONS = ("run/*.conf", "run/*.properties")


def files() -> Iterator[Finding]:
    """Look at the environment file, the key that signs models, and the configurations that the local stack wrote."""
    if env_file().exists():
        yield _mode(env_file())
    elif os.environ.get(variable(StoreSettings, "endpoint")):
        yield Finding(str(env_file()), Verdict.OK, "absent: the environment says where everything is")
    else:
        yield Finding(
            str(env_file()), Verdict.WARNING, "absent, and the environment names no store", "make up writes it"
        )
    if (key := load(SigningSettings).key_file).exists():
        yield _mode(key)
    for pattern in _CONFIGURATIONS:
        for path in sorted(home().glob(pattern)):
            yield _mode(path)


def _mode(path: Path) -> Finding:
    return judge_mode(str(path), stat.S_IMODE(path.stat().st_mode))
