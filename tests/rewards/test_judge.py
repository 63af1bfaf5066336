"""One reward or several on a group, and what becomes of a function that fails."""

import json

import pytest

from ttrl_verl.reward_fns import Group, Reward, Verdict, get_reward_fn
from ttrl_verl.reward_fns.apart import ApartCheck, ApartReward, describe_reward
from ttrl_verl.reward_fns.checking import Response
from ttrl_verl.reward_fns.judge import Judge, RewardError, Weighted, weighted_sum
from ttrl_verl.reward_fns.names import absolute

OWN = """
import os

from ttrl_verl.reward_fns import Reward, Verdict


def dies(group):
    if group.size > 2:
        os._exit(3)
    return [0.0] * group.size


def nan(group):
    return [float("nan") if group.size > 2 else 0.0] * group.size


def hangs(group):
    while group.size > 2:
        pass
    return [0.0] * group.size


def _all(group):
    fields = ("history", "prior", "token_log_probs", "texts", "step")
    known = all(getattr(group, field) is not None for field in fields)
    return [float(known) + group.history[0].counts["A"]] * group.size


everything = Reward(_all, needs=("history", "prior", "token_log_probs", "texts", "step"))


def word(response):
    if response.text == "hang":
        while True:
            pass
    if response.text == "die":
        os._exit(3)
    if response.text == "eat":
        return len(bytearray(10**12))
    if response.text == "raise":
        raise KeyError("x")
    return {"more": 1.5, "text": "yes"}.get(response.text, 1)
"""
GROUP = Group(answers=("4", "4", "5"))


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    return lambda function: f"{tmp_path}/own.py:{function}"


def test_a_sum_of_verdicts():
    parts = [
        Verdict((1.0, 0.0), weight=0.5, token_weights=((1.0,), (2.0,))),
        Verdict((0.0, 2.0), weight=0.5, keep=(1,), skip=True, token_weights=((3.0,), (4.0,))),
    ]
    assert weighted_sum([2.0, 0.5], parts) == Verdict((2.0, 1.0), 0.25, (1,), True, ((3.0,), (8.0,)))


def test_a_rewards_own_keep_goes_before_the_rule():
    judge = Judge([Weighted(get_reward_fn("majority_vote"))], kept=2, keep="balanced")
    assert judge(GROUP).verdict.keep == (0, 2)


def test_a_field_that_is_needed_is_never_silently_none():
    judge = Judge([Weighted(get_reward_fn("confidence_vote"))])
    with pytest.raises(
        RewardError, match=r"confidence_vote failed on q:1: it needs log_probs, which this group does not"
    ):
        judge(GROUP, "q:1")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("dies", "own.py:dies failed on q.jsonl:3: ended its process"),
        ("nan", r"own.py:nan failed on q.jsonl:3: its rewards\[0\] is nan; expected a finite number"),
    ],
)
@pytest.mark.slow
def test_what_fails_in_a_run_is_told_with_its_name_the_prompt_and_the_reason(own, function, said):
    judge = Judge([Weighted(describe_reward(own(function), {}))])
    with pytest.raises(RewardError, match=said):
        judge(GROUP, "q.jsonl:3")
    judge.close()


@pytest.mark.slow
def test_one_that_hangs_is_ended(own):
    reward = ApartReward(describe_reward(own("hangs"), {}), seconds=1.0)
    with pytest.raises(ValueError, match="ran past 1 s"):
        reward(GROUP)
    reward.close()


@pytest.mark.slow
def test_every_field_arrives(own):
    from ttrl_verl.reward_fns.group import Visit

    group = Group(
        answers=("A", None),
        token_log_probs=((-1.0, -2.0), ()),
        texts=("a", "é\n"),
        step=3,
        history=(Visit(step=1, counts={"A": 2}, size=2, label="A"),),
        prior={"A": 0.5},
    )
    reward = ApartReward(describe_reward(own("everything"), {}))
    assert reward(group).rewards == (3.0, 3.0)
    reward.close()


@pytest.mark.slow
def test_a_check_that_hangs_dies_or_raises_costs_one_word(own):
    check = ApartCheck(own("word"), workers=2)
    said = {text: check(Response(text, "4", "?")) for text in ("fine", "hang", "die", "eat", "raise", "more", "text")}
    check.close()
    assert said["fine"] == (1.0, None)
    assert said["hang"] == (None, "ran past 2 s")
    assert said["die"] == (None, "ended its process")
    assert said["eat"][0] is None
    assert said["raise"] == (None, "KeyError: 'x' (line 41)")
    assert said["more"][1].startswith("ValueError: it said 1.5; expected a number from 0 to 1, or None")
    assert said["text"][1].startswith("ValueError: it said 'yes'")


def test_names_and_needs():
    with pytest.raises(ValueError, match="names the field 'answer'"):
        Reward(len, needs=("answer",))
    assert absolute("own.py:f").startswith("/")
    assert json.loads(json.dumps(GROUP.answers)) == ["4", "4", "5"]
