"""Finds the gateway that a person asks: the one that GATEWAY_URL names, or else the local stack's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from infra.local.home import default_home
from infra.local.ports import LOOPBACK, read_ports
from services.console.settings import GatewayAccess
from services.console.terminal import NotDone
from shared.io.gateway_client import GatewayClient, Refused
from shared.settings import load

_SERVICE: Final = "gateway"
_PORT: Final = "GATEWAY_PORT"


@contextmanager
def gateway() -> Iterator[GatewayClient]:
    """Give a client of the gateway for as long as the block lasts; its refusals end as `NotDone`."""
    access = load(GatewayAccess)
    client = GatewayClient(access.url or local_url(), access.api_key.get_secret_value())
    try:
        yield client
    except Refused as error:
        raise NotDone(f"the gateway at {client.url} says {error}") from error
    finally:
        client.close()


def local_url() -> str:
    """Give the address of the local stack's gateway; raises `NotDone` where no stack has been up."""
    port = read_ports(default_home().ports_file).get(_SERVICE, {}).get(_PORT)
    if port is None:
        raise NotDone("no local stack has a gateway. Start it with make up, or name another in GATEWAY_URL.")
    return f"http://{LOOPBACK}:{port}"
