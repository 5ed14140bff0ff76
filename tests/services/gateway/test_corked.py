"""What is written in one turn of the loop is written at once, and nothing is lost or late."""

import asyncio

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


async def test_one_turn_is_one_write() -> None:
    """What comes in the next turn is another."""
    noted = Noted()
    corked = Corked(noted, asyncio.get_running_loop())
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


async def test_what_is_held_is_written_before_the_close() -> None:
    """And not once more after it."""
    noted = Noted()
    corked = Corked(noted, asyncio.get_running_loop())
    corked.write(b"last words")
    corked.close()
    await asyncio.sleep(0)
    assert noted.done == [b"last words", "close"]
    assert corked.is_closing()


async def test_an_abort_drops_what_is_held() -> None:
    """Nobody reads it any more."""
    noted = Noted()
    corked = Corked(noted, asyncio.get_running_loop())
    corked.write(b"too late")
    corked.abort()
    await asyncio.sleep(0)
    assert noted.done == ["abort"]


async def test_nothing_is_written_to_a_connection_that_is_lost() -> None:
    """It would be an error, and an answer to nobody."""
    noted = Noted()
    corked = Corked(noted, asyncio.get_running_loop())
    corked.write(b"to nobody")
    noted.close()
    await asyncio.sleep(0)
    assert noted.done == ["close"]


async def test_everything_else_is_the_transport_s() -> None:
    """At once."""
    noted = Noted()
    corked = Corked(noted, asyncio.get_running_loop())
    corked.pause_reading()
    corked.resume_reading()
    assert noted.done == ["pause", "resume"]
    assert corked.get_extra_info("peername") == "them"
    assert corked.get_extra_info("other", 7) == 7
    assert not corked.is_closing()
