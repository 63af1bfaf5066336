"""When a vote may stop: worked cases, all that votes that are out may turn out to be, and the error of ``likely``."""

import itertools
import random

import pytest

from ttrl_verl.reward_fns.stopping import confirmed, decided, expected_votes
from ttrl_verl.reward_fns.vote import take_vote

# Places of a vote of 5 that are in, and whether it is decided.
CASES = [
    ({}, False),
    ({0: "4"}, False),
    ({0: "4", 1: "4"}, False),  # 2 against 3 that are out
    ({0: "4", 1: "4", 2: "4"}, True),  # 3 against 2
    ({0: "4", 1: "4", 2: "5", 3: "4"}, True),  # 3 against 1 + 1
    ({0: "4", 1: "5", 2: "4", 3: None}, True),  # 2 against 1 + 1: a tie, and "4" is first
    ({0: "5", 1: "4", 2: "4", 3: None}, False),  # 2 against 1 + 1: a tie, and "5" is first
    ({1: "4", 2: "5", 3: "4", 4: None}, False),  # place 0 may say "5"
    ({1: "4", 2: "4", 3: None, 4: None}, True),  # place 0 alone is out
    ({0: None, 1: None, 2: None, 3: None}, False),  # the last one's answer is the label
    ({0: None, 1: None, 2: None, 3: None, 4: None}, True),
]


@pytest.mark.parametrize(("cast", "known"), CASES)
def test_worked_cases(cast, known):
    assert decided(cast, 5) is known


@pytest.mark.parametrize("votes", [1, 2, 3, 4, 5])
def test_a_vote_is_decided_exactly_where_no_outcome_changes_its_label(votes):
    # Two answers, one not seen so far, and none: whatever is in, against all that may come.
    for seen in itertools.product(["a", "b", None, ...], repeat=votes):
        cast = {place: answer for place, answer in enumerate(seen) if answer is not ...}
        out = [place for place in range(votes) if place not in cast]
        labels = set()
        for come in itertools.product(["a", "b", "c", None], repeat=len(out)):
            full = cast | dict(zip(out, come, strict=True))
            labels.add(take_vote([full[place] for place in range(votes)]).label)
        assert decided(cast, votes) is (len(labels) == 1), cast


def test_the_votes_expected_are_the_fewest_where_all_agree():
    agreed = dict.fromkeys(range(32), "4")
    more = expected_votes(agreed, 64)
    assert decided(agreed | dict.fromkeys(range(32, 32 + more), "4"), 64)
    assert more == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "counts", [{"a": 33, "b": 31}, {"a": 20, "b": 19, "c": 18, "d": 7}, {"a": 12, "b": 12, "c": 40}]
)
def test_the_error_of_likely_is_within_its_bound_on_hard_votes(counts):
    chance, error, wrong, stopped, trials = random.Random(0), 0.1, 0, 0, 300
    pool = [answer for answer, votes in counts.items() for _ in range(votes)]
    for _ in range(trials):
        chance.shuffle(pool)
        for seen in range(4, 64, 4):  # looked at again and again
            if confirmed(pool[:seen], error):
                stopped += 1
                wrong += take_vote(pool[:seen]).label != take_vote(pool).label
                break
    assert wrong <= error * trials
    assert stopped or counts["a"] - counts["b"] <= 2


def test_likely_needs_no_more_than_a_few_votes_that_agree():
    assert [confirmed(["4"] * votes, 0.01) for votes in (8, 10)] == [False, True]
    assert not confirmed([None] * 60, 0.5)


@pytest.mark.parametrize(
    ("cast", "votes", "more"),
    [
        ("aaaabc", 16, 5),  # 1 + 10 - 4 = 7 to make up, and a vote takes 1 + (4 - 1) / 6 = 1.5 of it
        ("ab", 8, 6),  # 1 + 6 - 1 = 6, and a vote takes 1
        ("aaaa-", 8, 1),  # 3 - 4 < 0: the next one decides
        ("", 8, 8),
        ("aabb", 4, 1),
    ],
)
def test_how_many_more_votes_will_decide(cast, votes, more):
    answers = {place: None if answer == "-" else answer for place, answer in enumerate(cast)}
    assert expected_votes(answers, votes) == more


@pytest.mark.parametrize(
    ("votes", "wealth"),
    [
        # Against an answer not seen yet: (1 + 1/2)(1 + 2/3) = 2.5, and then times 1 + 3/4 and 1 + 4/5.
        ("aaa", 2.5),
        ("aaaaa", 7.875),
        # b enters at 1.5, which is its peak: times 1 - 2/3, 1 + 1/4 and 1 + 2/5 it has 0.875.
        ("aabaa", 1.5),
        # The vote for c is none for or against b: 1.5 (1/3) (5/4) (7/5) (9/6) (11/7) = 2.0625, and c has as much.
        ("aabcaaaa", 2.0625),
        ("aab-caaaa", 2.0625),  # nor is a response without an answer
    ],
)
def test_the_wealth_of_the_bets_by_hand(votes, wealth):
    """Confirmed from an error of 1 / wealth on: the least peak of all rivals."""
    answers = [None if answer == "-" else answer for answer in votes]
    assert confirmed(answers, 1.01 / wealth)
    assert not confirmed(answers, 0.99 / wealth)


def test_a_bound_that_is_met_confirms():
    assert confirmed(["a"] * 3, 0.4)  # 2.5 x 0.4 = 1
    assert not confirmed([], 0.9)
    assert not confirmed([None] * 8, 0.9)
