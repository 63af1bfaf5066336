"""What is said to have been saved where a vote ends early."""

import asyncio
import random

import pytest

from ttrl_verl.training.ballot import VotePlan
from ttrl_verl.training.poll import Poll, expected_rest


@pytest.mark.parametrize(
    ("finished", "running", "spent", "longest", "rest"),
    [
        # 300 tokens, 2 ends: m = 150; 150 (1 - exp(-50 / 150)) + 150 (1 - exp(-100 / 150)).
        ([50, 50], [50.0, 50.0, 50.0], [50.0, 0.0], 100, 42.520 + 72.987),
        ([10, 100], [], [10.0], 100, 120 * (1 - 0.47237)),  # one at the limit did not end by itself
        ([100], [], [100.0], 100, 0.0),
        ([0, 0], [], [0.0], 100, 0.0),  # empty responses promise nothing
    ],
)
def test_the_rest_of_what_was_cut_worked_by_hand(finished, running, spent, longest, rest):
    assert expected_rest(finished, running, spent, longest) == pytest.approx(rest, rel=1e-4)


def test_the_rest_is_that_of_lengths_which_end_at_any_token_alike():
    # 64 of mean 100, all at once; the first 33 that end decide. What the others still were is known here.
    chance, estimated, true = random.Random(0), 0.0, 0.0
    for _ in range(300):
        lengths = sorted(min(256.0, chance.expovariate(0.01)) for _ in range(64))
        now = lengths[32]
        estimated += expected_rest([round(each) for each in lengths[:33]], [], [now] * 31, 256)
        true += sum(each - now for each in lengths[33:])
    assert estimated == pytest.approx(true, rel=0.05)


def test_a_vote_asked_at_once_says_what_it_saved():
    async def vote():
        poll = Poll(12, VotePlan(kept=2, stop="decided", first=12), 120)

        async def session(place):
            await asyncio.sleep(0.05 if place < 7 else 60)
            poll.generated(place, 10)
            poll.cast(place, "7")

        await asyncio.wait_for(
            asyncio.gather(*(poll.run(place, lambda place=place: session(place)) for place in range(12))), 30
        )
        return poll.saved

    saved = asyncio.run(vote())
    # 6 of 12, the first of them in place 0, or 7: 5 or 6 cut. At 10 tokens of some 130 over 6 ends, m is 20 or so.
    assert saved.votes in (5, 6)
    assert 5 * 10 < saved.tokens < 6 * 30
