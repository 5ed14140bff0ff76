"""What is written in one turn of the loop is written at once, and nothing is lost or late."""

import asyncio

import pytest

from services.gateway.corked import Corked


class Noted(asyncio.Transport):
    """Notes what is done to it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__({"peername": "them"})
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Note it."""
        self.done.append(bytes(data))

    def close(self) -> None:
        """Note it."""
        self.done.append("close")

    def abort(self) -> None:
        """Note it."""
        self.done.append("abort")

    def is_closing(self) -> bool:
        """Say whether it was closed."""
        return "close" in self.done

    def pause_reading(self) -> None:
        """Note it."""
        self.done.append("pause")

    def resume_reading(self) -> None:
        """Note it."""
        self.done.append("resume")


def transports() -> tuple[Noted, Corked]:
    """Give a transport, and what holds back what is written to it."""
    noted = Noted()
    return noted, Corked(noted, asyncio.get_running_loop())


async def test_one_turn_is_one_write() -> None:
    """What comes in the next turn is another."""
    noted, corked = transports()
    corked.write(b"head ")
    changed = bytearray(b"body")
    corked.write(changed)
    changed[:] = b"????"
    assert noted.done == []
    await asyncio.sleep(0)
    assert noted.done == [b"head body"]
    corked.write(b"next")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert noted.done == [b"head body", b"next"]


@pytest.mark.parametrize(("end", "done"), [("close", [b"last words", "close"]), ("abort", ["abort"])])
async def test_what_is_held_goes_before_a_close_and_never_after_an_abort(end: str, done: list[bytes | str]) -> None:
    """And not once more in the next turn."""
    noted, corked = transports()
    corked.write(b"last words")
    getattr(corked, end)()
    await asyncio.sleep(0)
    assert noted.done == done
    assert corked.is_closing() is (end == "close")


async def test_nothing_is_written_to_a_connection_that_is_lost() -> None:
    """It would be an error, and an answer to nobody."""
    noted, corked = transports()
    corked.write(b"to nobody")
    noted.close()
    await asyncio.sleep(0)
    assert noted.done == ["close"]


async def test_everything_else_is_the_transport_s() -> None:
    """At once."""
    noted, corked = transports()
    corked.pause_reading()
    corked.resume_reading()
    assert noted.done == ["pause", "resume"]
    assert corked.get_extra_info("peername") == "them"
    assert corked.get_extra_info("other", 7) == 7
    assert not corked.is_closing()
