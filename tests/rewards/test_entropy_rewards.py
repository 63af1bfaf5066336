import pytest

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.entropy_rewards import certainty, forking, relative_confidence
from ttrl_verl.reward_fns.judge import Judge, Weighted
from ttrl_verl.reward_fns.scrl import scrl


def test_certainty_is_minus_the_entropy_whatever_the_answer():
    assert certainty(Group(answers=("4", None, "5"), entropies=(0.5, 2.0, None))) == [-0.5, -2.0, 0.0]


def test_relative_confidence_by_hand():
    # M = (1 + 2 + 3) / 3 = 2: factors 1.5, 1, 0.5; the one that is not kept weighs 1.
    group = Group(answers=("4", "4", "5", "5"), entropies=(1.0, 2.0, 3.0, None), lengths=(1, 2, 1, 1))
    verdict = relative_confidence(group)
    assert list(verdict.rewards) == [1.0, 1.0, 0.0, 0.0]
    assert verdict.token_weights == [[1.5], [1.0, 1.0], [0.5], [1.0]]
    assert relative_confidence(group, strength=0.5).token_weights[0] == [1.25]
    assert relative_confidence(group, strength=0.0).token_weights == [[1.0], [1.0, 1.0], [1.0], [1.0]]


def test_a_response_far_above_the_mean_weighs_nothing_and_turns_no_sign():
    # M = 1: the factor of 3 would be -1.
    group = Group(answers=("4",) * 3, entropies=(0.0, 0.0, 3.0), lengths=(1, 1, 1))
    assert relative_confidence(group).token_weights == [[2.0], [2.0], [0.0]]


def test_forking_weighs_the_unsurest_tokens():
    tokens = ((0.1, 2.0, 0.3, 2.0, 0.2), (1.0,), None)
    group = Group(answers=("4", "4", "5"), token_entropies=tokens, lengths=(5, 1, 2))
    assert forking(group).token_weights == [[0.0, 1.0, 0.0, 0.0, 0.0], [1.0], [1.0, 1.0]]  # of equals the earlier
    assert forking(group, share=0.4).token_weights[0] == [0.0, 1.0, 0.0, 1.0, 0.0]
    assert forking(group, share=0.6).token_weights[0] == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert forking(group, share=1.0).token_weights == [[1.0] * 5, [1.0], [1.0, 1.0]]


def test_scrl_by_hand():
    # Of 8 votes A has 4, B 2, C 1, one none. A leads by 2/8 > 0.125 and has 0.5 >= 0.375: s = 0.125.
    # C has 0.125, not below 0.125: s = 0. Kept: A, B, C of entropies 1, 2, 3; H = 2.
    answers = ("A", "B", "C", "A", "A", "A", "B", None)
    group = Group(answers=answers, entropies=(1.0, 2.0, 3.0, *[None] * 5))
    a, b, c = 0.125 + 0.1, 0.0, -0.1
    assert scrl(group) == pytest.approx([a, b, c, a, a, a, b, -1.0])
    # With 0.2 C is rare, and unsure: -(0.2 - 0.125) - 0.1.
    assert scrl(group, negative=0.2)[2] == pytest.approx(-0.175)
    sure = Group(answers=answers, entropies=(3.0, 2.0, 1.0, *[None] * 5))
    assert scrl(sure, negative=0.2)[2] == pytest.approx(0.1)  # rare and sure is spared


def test_no_signal():
    nobody = Group(answers=(None, None), entropies=(1.0, 1.0), token_entropies=((1.0,), (1.0,)), lengths=(1, 1))
    assert scrl(nobody) == [0.0, 0.0]
    assert relative_confidence(nobody).rewards == forking(nobody).rewards == [0.0, 0.0]
    assert certainty(nobody) == [-1.0, -1.0]
    empty = Group(answers=(), entropies=(), token_entropies=(), lengths=())
    assert certainty(empty) == scrl(empty) == relative_confidence(empty).rewards == forking(empty).rewards == []
    flat = Group(answers=("4", "5"), entropies=(0.0, 0.0), lengths=(1, 1))
    assert relative_confidence(flat).token_weights == [[1.0], [1.0]]


@pytest.mark.parametrize("reward", [certainty, relative_confidence, forking, scrl])
def test_refuses_without(reward):
    with pytest.raises(ValueError, match=r"the group has no (token_)?entropies"):
        reward(Group(answers=("4",), lengths=(1,)))


def test_refuses_options():
    group = Group(answers=("4",), entropies=(1.0,), token_entropies=((1.0,),), lengths=(1,))
    with pytest.raises(ValueError, match="strength is 2"):
        relative_confidence(group, strength=2)
    with pytest.raises(ValueError, match="share is 0"):
        forking(group, share=0)


def test_a_late_reward_is_added_to_what_the_vote_earned():
    judge = Judge([Weighted(get_reward_fn("majority_vote")), Weighted(get_reward_fn("certainty"), 0.5)], kept=2)
    group = Group(answers=("4", "5", "4"), lengths=(1, 1, 1))
    early = judge(group)
    assert judge.late
    assert (early.verdict.rewards, early.verdict.keep, early.means) == (
        (1.0, 0.0, 1.0),
        (0, 1),
        {"majority_vote": 2 / 3},
    )
    late = judge.again(early, Group(answers=group.answers, entropies=(1.0, 2.0, None)))
    assert late.verdict.rewards == (0.5, -1.0, 1.0)
    assert late.verdict.keep == (0, 1)
    assert late.means == {"majority_vote": 2 / 3, "certainty": -1.0}


def test_without_an_early_reward_the_vote_earns_nothing_and_keeps_by_the_rule():
    judge = Judge([Weighted(get_reward_fn("certainty"))], kept=1)
    early = judge(Group(answers=("4", "5")))
    assert (early.verdict.rewards, early.verdict.keep) == ((0.0, 0.0), (0,))
    assert not Judge([Weighted(get_reward_fn("majority_vote"))]).late
