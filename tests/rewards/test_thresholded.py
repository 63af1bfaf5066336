import math
import time

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.thresholded import thresholded

CLEAR = ("4",) * 7 + ("5",) * 2 + ("6",)  # shares 0.7, 0.2, 0.1


def test_positive_neutral_and_negative():
    # 0.7 >= 0.5 and 0.7 - 0.2 > 0.15: 4 is praised. 0.1 < 0.15: 6 is punished. 5 is neither.
    assert thresholded(Group(answers=CLEAR)) == [1.0] * 7 + [0.0] * 2 + [-1.0]


def test_weak_majority_is_not_praised():
    # 0.4 < 0.5
    assert thresholded(Group(answers=("4", "4", "5", "6", None))) == [0.0, 0.0, 0.0, 0.0, -1.0]


def test_lead_must_exceed_the_margin():
    # shares 0.5 and 0.375, a lead of 0.125
    close = Group(answers=("4",) * 4 + ("5",) * 3 + ("6",))
    assert thresholded(close)[0] == 0.0
    assert thresholded(close, margin=0.1)[0] == 1.0


def test_a_rare_answer_that_is_sure_is_spared():
    # Mean log-prob of the group: (9 * -1 - 0.1) / 10 = -0.91. The rare answer's is -0.1, surer than the group's.
    sure = Group(answers=CLEAR, log_probs=(-1.0,) * 9 + (-0.1,))
    assert thresholded(sure)[-1] == 0.0
    assert thresholded(sure, gated=False)[-1] == -1.0
    assert thresholded(Group(answers=CLEAR, log_probs=(-1.0,) * 9 + (-3.0,)))[-1] == -1.0


def test_the_only_answer_needs_no_lead():
    assert thresholded(Group(answers=("4", "4", None)), margin=1.0) == [1.0, 1.0, -1.0]


def test_continuous_pays_by_how_much():
    # 4: 0.7 - 0.375 = 0.325. 5: share 0.2 is neither. 6: 0.1 < 0.125: -(0.125 - 0.1) = -0.025. No shaping here.
    paper = {"positive": 0.375, "margin": 0.125, "negative": 0.125, "mode": "continuous"}
    assert thresholded(Group(answers=CLEAR), **paper) == pytest.approx([0.325] * 7 + [0.0] * 2 + [-0.025])
    # Mean log-prob (9 * -1 - 3) / 10 = -1.2. 4 and 5 are surer by 0.2: + 0.1 * 0.2. 6 is less sure by 1.8: - 0.1 * 1.8.
    unsure = Group(answers=CLEAR, log_probs=(-1.0,) * 9 + (-3.0,))
    assert thresholded(unsure, **paper) == pytest.approx([0.345] * 7 + [0.02] * 2 + [-0.205])
    assert thresholded(Group(answers=("4", "4", None)), **paper)[-1] == -1.0
    assert thresholded(Group(answers=("4", "5"), log_probs=(-math.inf, -1.0)), **paper) == pytest.approx([0.0, 0.0])


def test_thresholds_are_counts():
    # 7 of 25 are a share of 0.28; 0.28 * 25 is 7.000000000000001 in floats
    group = Group(answers=("4",) * 7 + tuple(f"w{n}" for n in range(18)))
    assert thresholded(group, positive=0.28, margin=0.0)[0] == 1.0
    # lead 3 of 20 is 0.15 exactly, and must exceed it
    assert thresholded(Group(answers=("4",) * 10 + ("5",) * 7 + ("6",) * 3))[0] == 0.0


def test_a_broken_log_prob_is_refused_as_by_every_reward():
    with pytest.raises(ValueError, match="log_probs has nan; expected numbers below infinity"):
        thresholded(Group(answers=("4", "5"), log_probs=(-1.0, math.nan)))


@pytest.mark.slow
def test_many_distinct_answers_are_walked_once():
    group = Group(answers=tuple(str(n % 20_000) for n in range(40_000)), log_probs=(-1.0,) * 40_000)
    started = time.perf_counter()
    assert len(thresholded(group)) == 40_000
    assert time.perf_counter() - started < 10  # it was quadratic: minutes


def test_no_signal():
    assert thresholded(Group(answers=(None, None))) == [0.0, 0.0]
    assert thresholded(Group(answers=("4", "4"))) == [1.0, 1.0]
    assert thresholded(Group(answers=("4",))) == [1.0]
    assert thresholded(Group(answers=())) == []


def test_refuses_a_threshold_above_one():
    with pytest.raises(ValueError, match="positive is 50"):
        thresholded(Group(answers=("4",)), positive=50)
