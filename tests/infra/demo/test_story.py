"""A demo shows what the stack does, and fails with a remedy where it does something else."""

import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any, cast

import pytest

from infra.demo.chain import Page
from infra.demo.closing import Told, closing_table, flaws
from infra.demo.questions import Question, Questions
from infra.demo.record import Correction, Record
from infra.demo.stages import DemoFailed, Stages
from infra.demo.story import Story
from infra.demo.world import World
from tests.infra.demo.builders import ingested
from tests.infra.demo.stack import PlayedWorld, Stack
from tests.infra.demo.test_stages import Shown
from tests.infra.local.waiting import until

QUESTIONS = Questions(
    by_language={
        "en": (
            Question(text="add up", label="calc", language="en"),
            Question(text="font", label="writer", language="en"),
        ),
        "zh": (Question(text="求和", label="calc", language="zh"),),
    },
    corrections=(Question(text="rotate", label="writer", language="en"),),
)
BASELINE = {"add up": "writer", "font": "writer", "求和": "calc"}
Step = Callable[[], object]
IDLE_WAITS = 2_000


def play(stack: Stack, steps: list[Step], played: PlayedWorld | None = None) -> tuple[Record, Told, PlayedWorld]:
    """Tell the story to a stack that takes one step whenever the story waits, once a steady load has seen the last."""
    left: Iterator[Step] = chain(steps, repeat(lambda: None, IDLE_WAITS))
    world = played or PlayedWorld(stack, BASELINE)

    def wait(_: float) -> None:
        if stack.steady:
            until(lambda: stack.steady[stack.serving] > 0)
        step = next(left, None)
        assert step is not None, "the stack has done all that it does, and the story waits for more"
        step()
        time.sleep(0.002)

    stages = Stages(Shown(), world.trouble, lambda: 100.0, wait)
    story = Story(cast(World, world), stages, QUESTIONS, world.said.append, 90.0, 80.0, per_second=500)
    return *story.tell(), world


def learn(stack: Stack) -> None:
    """Train on the correction: the next version knows it."""
    stack.knows["rotate"] = "writer"
    stack.conclude(4, "ngrams-e5")


def steps_of(stack: Stack, *, wins: bool = True, learns: bool = True) -> list[Step]:
    """Give what a stack does: a dataset, a first champion, a challenger, a corrected dataset, and a retrain."""

    def challenge() -> None:
        until(lambda: stack.steady[1] > 0)
        stack.knows.update({"font": "writer"} if wins else {})
        stack.conclude(3, "ngrams-e5", promoted=wins)

    return [
        lambda: stack.mark_ready(3),
        lambda: stack.decide(3),
        lambda: stack.conclude(3, "ngrams"),
        challenge,
        lambda: stack.mark_ready(4, "correction"),
        lambda: stack.decide(4, "ngrams-e5" if wins else "ngrams", rung="refit"),
        (lambda: learn(stack)) if learns else (lambda: stack.conclude(4, "ngrams-e5")),
    ]


def test_the_whole_story_is_told(tmp_path: Path) -> None:
    """A first champion, a challenger that wins and is swapped in, and a correction that is learnt."""
    stack = Stack(tmp_path)
    record, told, world = play(stack, steps_of(stack))
    assert record.correction == Correction(
        dataset_version=4, model_version=3, answer_before="calc", answer_after="writer"
    )
    assert record.first_prediction_seconds == 10.0
    assert record.total_seconds == 20.0
    assert record.swap.requests > 3
    assert record.swap.failed == 0
    assert list(told.answers) == [1, 2, 3]
    assert told.promoted == (1, 2, 3)
    assert flaws(record, told) == []
    assert record.documents.published == ingested().documents.published
    assert record.documents.rejected == 501
    assert stack.corrected == [("rotate", "writer")]
    assert world.traced == ["rotate#2#True"]
    assert (record.accuracy.baseline.en_questions, record.accuracy.baseline.zh_questions) == (0.5, 1.0)
    assert record.accuracy.first_champion.en_questions == 0.5
    assert record.accuracy.champion.en_questions == 1.0
    assert record.accuracy.champion.en == 0.9
    assert {"dataset", "first_champion", "challenger", "swap", "correction", "retrain"} <= set(record.stage_seconds)
    assert "corrected champion" in closing_table(record, told)
    assert world.said[-1] == "  page  http://127.0.0.1/"


def test_a_challenger_that_wins_before_the_ingestion_is_over_is_seen(tmp_path: Path) -> None:
    """The first champion was asked by then, and requests go on since its first answer."""
    stack = Stack(tmp_path)
    steps = steps_of(stack)
    challenge = steps.pop(3)
    record, told, _ = play(stack, steps, PlayedWorld(stack, BASELINE, in_ingestion=challenge))
    assert (list(told.answers), told.promoted) == ([1, 2, 3], (1, 2, 3))
    assert flaws(record, told) == []
    assert record.accuracy.first_champion.en_questions == 0.5
    assert [(model.name, model.version) for model in told.models[1:3]] == [("first champion", 1), ("champion", 2)]


def test_a_first_champion_that_is_replaced_before_it_was_asked_fails_the_demo(tmp_path: Path) -> None:
    """Another model's answers aren't counted as its own."""
    stack = Stack(tmp_path)
    steps = steps_of(stack)
    with pytest.raises(DemoFailed, match=r"first champion is version 1 \(promote: .*\), and version 2 answers already"):
        play(stack, [*steps[:2], lambda: (steps[2](), stack.conclude(3, "ngrams-e5"))])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"page": None}, "#True leads to no page: no page that is there. Remedy: "),
        ({"page": Page(url="http://127.0.0.1/", is_there=False)}, "leads to no page: no page that is there. Remedy: "),
        ({"untraceable": "no answer is recorded under this id."}, "no answer is recorded under this id. Remedy: "),
    ],
)
def test_a_trace_that_leads_to_no_page_fails_the_demo(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """With what to do; what it says to a person isn't enough."""
    stack = Stack(tmp_path)
    with pytest.raises(DemoFailed, match=told):
        play(stack, steps_of(stack), PlayedWorld(stack, BASELINE, **changes))


def test_a_challenger_that_loses_is_not_swapped_in(tmp_path: Path) -> None:
    """The demo goes on with the first champion, and says what the gate said."""
    stack = Stack(tmp_path)

    def learn_ngrams() -> None:
        stack.knows["rotate"] = "writer"
        stack.conclude(4, "ngrams")

    record, told, _ = play(stack, [*steps_of(stack, wins=False)[:-1], learn_ngrams])
    assert sorted(told.answers) == [1, 3]
    assert told.verdicts[2] == "keep: as the test says"
    assert [model.name for model in told.models] == ["baseline", "first champion", "corrected champion"]
    assert record.correction.model_version == 3


def test_versions_that_are_ready_before_the_crawl_is_over_are_waited_for(tmp_path: Path) -> None:
    """The last of them is what the correction comes after."""
    stack = Stack(tmp_path)
    steps = steps_of(stack)
    more: list[Step] = [
        lambda: stack.mark_ready(4),
        lambda: stack.decide(4, "ngrams-e5", rung="refit"),
        lambda: stack.conclude(4, "ngrams-e5"),
        lambda: stack.mark_ready(5, "correction"),
        lambda: stack.decide(5, "ngrams-e5", rung="refit"),
        lambda: (stack.knows.update({"rotate": "writer"}), stack.conclude(5, "ngrams-e5")),
    ]
    world = PlayedWorld(stack, BASELINE, ready=4)
    record, told, _ = play(stack, [steps[0], steps[1], steps[2], more[0], steps[3], *more[1:]], world)
    assert (record.correction.dataset_version, record.correction.model_version) == (5, 4)
    assert sorted(told.answers) == [1, 2, 3, 4]


def test_a_correction_that_is_not_learnt_fails_the_demo(tmp_path: Path) -> None:
    """It would show nothing else."""
    stack = Stack(tmp_path)
    with pytest.raises(DemoFailed, match="after the correction “rotate” is answered calc, not writer"):
        play(stack, steps_of(stack, learns=False))


def test_a_correction_that_trains_nothing_fails_the_demo(tmp_path: Path) -> None:
    """With what to do."""
    stack = Stack(tmp_path, accepts=False)
    with pytest.raises(DemoFailed, match="kept, and trains nothing"):
        play(stack, steps_of(stack))


def test_a_run_that_makes_no_model_fails_the_demo(tmp_path: Path) -> None:
    """With the run's own reason."""
    stack = Stack(tmp_path)
    steps = steps_of(stack)[:3]
    with pytest.raises(DemoFailed, match=r"application/support-router/00000003/ngrams-e5 made no model: no weights"):
        play(stack, [*steps, lambda: stack.fail(3, "ngrams-e5", "no weights")])


def test_a_first_run_that_makes_no_model_is_not_waited_for(tmp_path: Path) -> None:
    """Nothing will ever answer."""
    stack = Stack(tmp_path)
    with pytest.raises(DemoFailed, match=r"application/support-router/00000003/ngrams made no model: no rows"):
        play(stack, [*steps_of(stack)[:2], lambda: stack.fail(3, "ngrams", "no rows")])


def test_a_gate_that_keeps_the_champion_fails_the_correction(tmp_path: Path) -> None:
    """The corrected model isn't served."""
    stack = Stack(tmp_path)
    with pytest.raises(DemoFailed, match="the gate keeps the champion, so the correction isn't served: as the test"):
        play(stack, [*steps_of(stack)[:-1], lambda: stack.conclude(4, "ngrams-e5", promoted=False)])
