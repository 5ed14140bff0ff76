"""The key that callers send to the gateway, as both of them read it: a header takes it as it is."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr


def _sendable(value: SecretStr) -> SecretStr:
    said = value.get_secret_value()
    # A header loses the space around it, and can't carry the rest.
    if said != said.strip() or not (said.isascii() and said.isprintable()):
        raise ValueError("not printable ASCII, with no space or line end around it")
    return value


ApiKey = Annotated[SecretStr, AfterValidator(_sendable)]
