"""What the augmenter goes by."""

from dataclasses import replace

import pytest

from services.augmenter.core.augmentations import AUGMENTATIONS
from services.augmenter.core.augmentations.swap import SWAP
from services.augmenter.core.plan import Plan, UnknownAugmentation
from shared.flywheel.config import LabelRule
from tests.services.augmenter.builders import BUCKET, SOURCE, flywheel, plan, synonyms


def test_augmentations_come_in_the_order_asked_for_and_once() -> None:
    """Asked for twice, one makes no more copies: `copies` says how many."""
    assert [one.name for one in plan("swap", "delete", "swap").augmentations] == ["swap", "delete"]


def test_an_unknown_augmentation_is_refused_with_those_that_there_are() -> None:
    """A slip of the pen doesn't pass for no augmentation."""
    known = "synonyms, swap, delete, insert, convert-script"
    with pytest.raises(UnknownAugmentation, match=f"augmentation.operations: no swop. There are: {known}"):
        _ = plan("swap", "swop").augmentations


def test_synonyms_need_a_list() -> None:
    """Without one, no copy would ever be made, and nobody would know why."""
    with pytest.raises(UnknownAugmentation, match=r"Name its file in augmentation\.synonyms"):
        _ = Plan(flywheel("synonyms"), BUCKET).augmentations


def test_the_means_are_those_of_the_file() -> None:
    """Strength and synonyms."""
    means = plan("swap", strength=0.3).means
    assert means.strength == 0.3
    assert means.synonyms.entries


def test_the_same_rules_have_the_same_name() -> None:
    """It is the cleaning revision and eight digits, and doesn't hang on where the list of synonyms lies."""
    assert plan("swap").rule_set == plan("swap", synonyms="elsewhere/list.txt").rule_set
    assert len(plan("swap").rule_set.removeprefix("1-")) == 8


def test_whatever_changes_what_is_made_changes_the_name_of_the_rules() -> None:
    """Augmentations, copies, seed, strength, synonyms, rules for labels: each."""
    relabelled = SOURCE.model_copy(update={"labels": {"application": LabelRule(path="/text/([a-z]+)/")}})
    plans = [
        plan("swap"),
        plan("swap", "delete"),
        plan("delete", "swap"),
        plan("swap", copies=2),
        plan("swap", seed=1),
        plan("swap", strength=0.2),
        Plan(flywheel("swap"), BUCKET, synonyms("large, big")),
        Plan(flywheel("swap").model_copy(update={"sources": (relabelled,)}), BUCKET, plan().synonyms),
    ]
    assert len({one.rule_set for one in plans}) == len(plans)


def test_other_sets_of_the_same_synonyms_change_the_name_of_the_rules() -> None:
    """What is replaced is then replaced by something else."""
    apart, together = synonyms("large, big", "choose, pick"), synonyms("large, big, choose, pick")
    assert Plan(flywheel("swap"), BUCKET, apart).rule_set != Plan(flywheel("swap"), BUCKET, together).rule_set


def test_a_new_version_of_an_augmentation_changes_the_name_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes other copies."""
    before = plan("swap").rule_set
    monkeypatch.setitem(AUGMENTATIONS, "swap", replace(SWAP, version=2))
    assert plan("swap").rule_set != before
