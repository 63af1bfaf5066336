"""The known collapses of learning from agreement: what earns nothing, and what shows them."""

import pytest

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.metrics import top_answer_share

# Without a label: what is rewarded for agreement alone.
REWARDS = ("majority_vote", "empirical_entropy")


def group(*responses, choices=4):
    kind = get_answer_type("choice", choices=choices)
    return Group(answers=tuple(kind.answer(response) for response in responses))


@pytest.mark.parametrize("name", REWARDS)
@pytest.mark.parametrize("junk", ["", " ", "\n", ".", "#######", "]", "E", "<image>", "I see a dog", "<|im_end|>"])
def test_a_group_that_agrees_on_nothing_earns_nothing(name, junk):
    # In the original, 32 empty answers agree perfectly and earn 1.0 each.
    assert get_reward_fn(name)(group(*[junk] * 32)) == [0.0] * 32


@pytest.mark.parametrize("name", REWARDS)
def test_junk_cannot_outvote_an_answer(name):
    # 24 empty answers and 8 As: in the original the empty text wins the vote.
    rewards = get_reward_fn(name)(group(*[""] * 24, *["A"] * 8))
    assert rewards[:24] == [0.0] * 24
    assert min(rewards[24:]) > 0


def test_one_letter_for_all_shows_in_the_share():
    # Four prompts; right letters are uniform, so a model that sees gives each letter a quarter of the time.
    sees = [group(*[letter] * 8) for letter in "ABCD"]
    collapsed = [group(*["D"] * 8)] * 4
    empty = [group(*[""] * 8)] * 4
    assert [top_answer_share(groups) for groups in (sees, collapsed, empty)] == [0.25, 1.0, 0.0]
