"""Takes what waits, refuses what it has no room or time for, and computes nothing that nobody waits for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.gateway.batcher import Batcher, Job, Rows
from services.gateway.errors import LATE, OVERLOADED, Problem
from services.gateway.serving import BATCH_TEXTS
from services.gateway.transport import ClientGone
from tests.services.gateway.predictors import TRANSFORMER, Predictor, row, served
from tests.services.gateway.waiting import until


@asynccontextmanager
async def running(
    queue_texts: int = 1_024, deadline_seconds: float = 30, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Batcher]:
    """Run a batcher."""
    batcher = Batcher(queue_texts, deadline_seconds, clock=clock)
    batcher.start()
    try:
        yield batcher
    finally:
        await batcher.stop()


async def began(predictor: Predictor) -> None:
    """Wait until the model is at work."""
    assert await asyncio.to_thread(predictor.began.wait, 20)


async def test_each_gets_its_own_rows() -> None:
    """However they were batched."""
    model = served(Predictor())
    texts = ["x" * length for length in range(200)]
    async with running() as batcher:
        rows = await asyncio.gather(*(batcher.predict(model, [text, text + "y"]) for text in texts))
    assert [first for first, _ in rows] == [pytest.approx(row(text), abs=2e-6) for text in texts]
    assert [second for _, second in rows] == [pytest.approx(row(text + "y"), abs=2e-6) for text in texts]
    assert batcher.waiting_texts == 0


async def test_what_waits_is_taken_at_once_and_nothing_is_waited_for() -> None:
    """The first goes alone; those that came meanwhile go together."""
    predictor = Predictor(held=True)
    model = served(predictor)
    async with running() as batcher:
        first = asyncio.create_task(batcher.predict(model, ["first"]))
        await began(predictor)
        others = [asyncio.create_task(batcher.predict(model, [str(number)])) for number in range(BATCH_TEXTS)]
        await until(lambda: batcher.waiting_texts == BATCH_TEXTS + 1)
        predictor.go.set()
        await asyncio.gather(first, *others)
    assert [len(batch) for batch in predictor.batches] == [1, BATCH_TEXTS]


async def test_an_encoder_takes_texts_one_by_one() -> None:
    """A batch would keep the first of them waiting for the last."""
    predictor = Predictor(held=True)
    model = served(predictor, TRANSFORMER)
    async with running() as batcher:
        tasks = [asyncio.create_task(batcher.predict(model, ["a", "b"])) for _ in range(2)]
        await began(predictor)
        predictor.go.set()
        await asyncio.gather(*tasks)
    assert predictor.batches == [["a"], ["b"], ["a"], ["b"]]


async def test_models_are_not_mixed() -> None:
    """Two versions wait in one queue, as at a swap."""
    one, other = Predictor(held=True), Predictor()
    old, new = served(one), served(other, version=2)
    async with running() as batcher:
        tasks = [asyncio.create_task(batcher.predict(old, ["old"]))]
        await began(one)
        tasks += [
            asyncio.create_task(batcher.predict(new if number % 2 else old, [str(number)])) for number in range(6)
        ]
        await until(lambda: batcher.waiting_texts == 7)
        one.go.set()
        await asyncio.gather(*tasks)
    assert (one.asked, other.asked) == (["old", "0", "2", "4"], ["1", "3", "5"])


async def test_beyond_the_bound_it_refuses() -> None:
    """With the status and the header that say try again; one request always has room, however long it is."""
    predictor = Predictor(held=True)
    model = served(predictor)
    async with running(queue_texts=3) as batcher:
        waiting = asyncio.create_task(batcher.predict(model, ["a", "b", "c", "d"]))
        await began(predictor)
        with pytest.raises(Problem) as caught:
            await batcher.predict(model, ["e"])
        predictor.go.set()
        assert len(await waiting) == 4
        assert len(await batcher.predict(model, ["e"])) == 1
    assert (caught.value.kind, caught.value.retry_seconds) == (OVERLOADED, 1)


async def test_whose_time_is_over_hears_so_and_is_not_computed() -> None:
    """Before its turn; the room that it took is free again once it is passed over."""
    now = 0.0
    predictor = Predictor(held=True)
    model = served(predictor)
    async with running(deadline_seconds=10, clock=lambda: now) as batcher:
        first = asyncio.create_task(batcher.predict(model, ["first"]))
        await began(predictor)
        now = 5.0
        late = asyncio.create_task(batcher.predict(model, ["late"]))
        await until(lambda: batcher.waiting_texts == 2)
        now = 15.5
        with pytest.raises(Problem) as caught:
            await late
        with pytest.raises(Problem):
            await first
        predictor.go.set()
        await batcher.predict(model, ["next"])
        assert batcher.waiting_texts == 0
    assert caught.value.kind is LATE
    assert predictor.asked == ["first", "next"]


async def test_whose_caller_has_gone_is_not_computed() -> None:
    """A client that gave up costs nothing more; one that waits is answered."""
    predictor, left = Predictor(held=True), asyncio.Event()
    model = served(predictor)

    async def gone() -> None:
        await left.wait()

    async def there() -> None:
        await asyncio.Event().wait()

    async with running() as batcher:
        first = asyncio.create_task(batcher.predict(model, ["first"]))
        await began(predictor)
        leaves = asyncio.create_task(batcher.predict(model, ["leaves"], gone))
        waits = asyncio.create_task(batcher.predict(model, ["waits"], there))
        await until(lambda: batcher.waiting_texts == 3)
        left.set()
        with pytest.raises(ClientGone):
            await leaves
        predictor.go.set()
        await asyncio.gather(first, waits)
    assert predictor.asked == ["first", "waits"]


async def test_a_cancelled_request_is_not_computed() -> None:
    """Whoever cancels it."""
    predictor = Predictor(held=True)
    model = served(predictor)
    async with running() as batcher:
        first = asyncio.create_task(batcher.predict(model, ["first"]))
        await began(predictor)
        cancelled = asyncio.create_task(batcher.predict(model, ["cancelled"]))
        await until(lambda: batcher.waiting_texts == 2)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        predictor.go.set()
        await first
        await until(lambda: batcher.waiting_texts == 0)
    assert predictor.asked == ["first"]


async def test_no_more_of_a_long_request_whose_caller_has_gone_is_computed() -> None:
    """It is looked at between its batches."""
    predictor = Predictor(held=True)
    model = served(predictor, TRANSFORMER)
    async with running() as batcher:
        long = asyncio.create_task(batcher.predict(model, [str(number) for number in range(50)]))
        await began(predictor)
        long.cancel()
        await asyncio.wait({long})
        predictor.go.set()
        await batcher.predict(model, ["next"])
    assert predictor.asked == ["0", "next"]


async def test_one_text_that_fails_fails_alone() -> None:
    """Those that were in its batch are asked again without it, and the thread lives on."""
    predictor = Predictor(held=True)
    model = served(predictor)
    async with running() as batcher:
        first = asyncio.create_task(batcher.predict(model, ["first"]))
        await began(predictor)
        others = [asyncio.create_task(batcher.predict(model, [text])) for text in ("good", "bad", "well")]
        await until(lambda: batcher.waiting_texts == 4)
        predictor.go.set()
        await asyncio.wait(others)
        good, bad, well = others
        await first
        assert (await batcher.predict(model, ["after"])) == [pytest.approx(row("after"), abs=2e-6)]
    assert isinstance(bad.exception(), RuntimeError)
    assert good.result() == [pytest.approx(row("good"), abs=2e-6)]
    assert well.result() == [pytest.approx(row("well"), abs=2e-6)]


async def test_a_stop_answers_what_waits() -> None:
    """Nobody who was let in is left without an answer."""
    predictor = Predictor(held=True)
    model = served(predictor)
    async with running() as batcher:
        tasks = [asyncio.create_task(batcher.predict(model, [str(number)])) for number in range(100)]
        await began(predictor)
        await until(lambda: batcher.waiting_texts == 100)
        stopping = asyncio.create_task(batcher.stop())
        predictor.go.set()
        assert len(await asyncio.gather(*tasks)) == 100
        await stopping


async def test_whoever_gives_up_while_a_batch_is_made_is_counted_once() -> None:
    """The loop may refuse a job between two looks of the thread; its texts are taken off the queue but once."""
    batcher = Batcher(1_024, 30)

    class Refused(asyncio.Future[Rows]):
        looks = 0

        def done(self) -> bool:
            self.looks += 1
            return self.looks > 1

    job = Job(served(Predictor()), ["text"], Refused(), 0.0, None)
    assert [one for one, _ in batcher._run([job])] == [job]
