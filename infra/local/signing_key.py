"""The key that signs this stack's models: made at first start, kept in `.millrace/keys`."""

from infra.local.home import Home
from shared.models.keys import KeyFiles


def keep_or_make_key(home: Home) -> None:
    """Make a signing key, unless there is a folder of keys already: what is in it, or not, is its owner's choice."""
    if not home.keys.exists():
        KeyFiles(home.keys / "signing.pem", home.keys / "trusted").make()
