"""Chance from a seed."""

from itertools import islice

from services.augmenter.core.chance import Chance


def test_a_seed_draws_the_same_for_ever() -> None:
    """These numbers are in stored datasets: a change of them would change every copy."""
    chance = Chance(2026)
    assert [chance.below(1000) for _ in range(5)] == [119, 502, 511, 860, 102]


def test_draws_are_below_the_bound() -> None:
    """And each number below it comes."""
    chance = Chance(1)
    assert {chance.below(7) for _ in range(500)} == set(range(7))


def test_a_pick_is_one_of_the_options() -> None:
    """Each of them comes in its turn."""
    chance = Chance(2)
    assert {chance.pick("abc") for _ in range(100)} == set("abc")


def test_a_shuffle_has_each_option_once() -> None:
    """Another seed gives another order."""
    options = list(range(50))
    orders = [list(Chance(seed).shuffled(options)) for seed in (1, 2)]
    assert [sorted(order) for order in orders] == [options, options]
    assert orders[0] != orders[1] != options


def test_a_shuffle_favours_no_option() -> None:
    """Each of four is first in about a quarter of the shuffles."""
    firsts = [next(Chance(seed).shuffled("abcd")) for seed in range(4000)]
    assert all(900 < firsts.count(letter) < 1100 for letter in "abcd")


def test_a_shuffle_costs_what_is_taken_of_it() -> None:
    """Two of a billion options are drawn without a list of them."""
    assert len(set(islice(Chance(3).shuffled(range(10**9)), 2))) == 2
