"""A prompt's vote while its responses run: in any order of arrival, label and kept rewards are the full vote's."""

import random

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.vote import take_vote
from ttrl_verl.training.ballot import Ballot, VotePlan


def run(answers, lengths, plan, lost=()):
    """Let responses of these lengths run at one pace; return the answers of those that came, by place."""
    ballot = Ballot(len(answers), plan)
    now, ends, came = 0, {}, {}
    while True:
        ends.update({place: now + lengths[place] for place in ballot.ask()})
        running = [place for place in ends if place not in came and place not in ballot.cut]
        if not running:
            return came, ballot
        place = min(running, key=lambda place: (ends[place], place))
        now = ends[place]
        came[place] = None if place in lost else answers[place]
        if place in lost:
            ballot.lose(place)
        else:
            ballot.cast(place, answers[place])


def random_group(chance):
    votes = chance.choice([1, 2, 3, 5, 8, 16, 33, 64])
    share, names = chance.random(), "abcdefgh"[: chance.randint(1, 8)]
    answers = [None if chance.random() < 0.1 else names[0] if chance.random() < share else chance.choice(names)
               for _ in range(votes)]  # fmt: skip
    lengths = [1 + int(chance.expovariate(0.01)) for _ in range(votes)]
    plan = VotePlan(chance.randint(1, votes), "decided", chance.choice([None, 1, votes // 2 or 1, votes]))
    return answers, lengths, plan


def differs(answers, lengths, plan):
    """Whether label or kept rewards are not the full vote's."""
    came, _ = run(answers, lengths, plan)
    places = sorted(came)
    cast = [came[place] for place in places]
    full = majority_vote(Group(answers=tuple(answers)))[: plan.kept]
    kept = majority_vote(Group(answers=tuple(cast)))[: plan.kept]
    return (
        places[: plan.kept] != list(range(plan.kept))
        or take_vote(cast).label != take_vote(answers).label
        or kept != full
    )


def test_label_and_kept_rewards_are_the_full_votes_on_random_arrivals():
    # 100,000 of the same groups: benchmarks/votes.py.
    chance = random.Random(0)
    assert not [group for group in (random_group(chance) for _ in range(500)) if differs(*group)]


def test_never_asks_all_at_once_and_cuts_none():
    ballot = Ballot(4, VotePlan(kept=2))
    assert ballot.ask() == [0, 1, 2, 3]
    for place in range(4):
        ballot.cast(place, "7")
    assert (ballot.over, ballot.cut, ballot.ask(), ballot.votes_cast) == (False, set(), [], 4)


def test_a_vote_that_agrees_asks_little_more_than_it_keeps():
    came, ballot = run(["7"] * 64, [5] * 64, VotePlan(kept=32, stop="decided"))
    # 32 of 64, and the first of them was sampled first: nobody can win but "7".
    assert (len(came), len(ballot.cut), ballot.over) == (32, 32, True)


@pytest.mark.parametrize(
    ("votes", "plan", "asked"),
    [
        (64, VotePlan(kept=32, stop="decided"), 36),  # 64 / 1.8 = 35.6: 32 of 36 agree, 4 + 28 are left
        (64, VotePlan(kept=48, stop="decided"), 48),
        (12, VotePlan(kept=2, stop="decided"), 7),
        (64, VotePlan(kept=32, stop="decided", first=33), 33),
        (64, VotePlan(kept=32, stop="likely"), 32),
    ],
)
def test_so_many_are_asked_at_once_as_decide_where_nine_in_ten_agree(votes, plan, asked):
    assert len(Ballot(votes, plan).ask()) == asked


def test_what_is_generated_is_not_cut_and_kept_ones_never_are():
    ballot = Ballot(4, VotePlan(kept=1, stop="decided", first=4))
    assert ballot.ask() == [0, 1, 2, 3]
    ballot.generated(3)
    ballot.cast(1, "7")
    ballot.cast(2, "7")
    assert not ballot.over  # place 0 may be first with another answer, and 3 say the same
    ballot.cast(3, "7")
    assert (ballot.over, ballot.cut) == (True, set())


def test_a_lost_response_that_was_to_be_kept_is_replaced_by_the_next_that_is_to_come():
    ballot = Ballot(5, VotePlan(kept=2, stop="decided", first=2))
    assert ballot.ask() == [0, 1]
    ballot.lose(1)
    assert [ballot.is_kept(place) for place in range(5)] == [True, False, True, False, False]
    assert 2 in ballot.ask()
    came, ballot = run(["7"] * 5, [9, 1, 3, 3, 3], VotePlan(kept=2, stop="decided"), lost={1})
    assert {0, 2} <= came.keys()


def test_a_failed_voter_that_nobody_needs_is_not_asked_again():
    ballot = Ballot(4, VotePlan(kept=1, stop="decided", first=4))
    ballot.ask()
    ballot.generated(3)
    for place in (0, 1):
        ballot.cast(place, "7")
    ballot.again(3)
    assert (ballot.over, 3 in ballot.cut) == (True, True)


@pytest.mark.parametrize(("answers", "asked"), [(["7"] * 64, 16), (["7", "8"] * 32, 63)])
def test_likely_looks_where_nothing_runs(answers, asked):
    came, _ = run(answers, [7] * 64, VotePlan(kept=16, stop="likely"))
    assert len(came) == asked  # of the second, 32 against 31: a tie at the most, and "7" was sampled first
