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


def test_no_signal():
    assert thresholded(Group(answers=(None, None))) == [0.0, 0.0]
    assert thresholded(Group(answers=("4", "4"))) == [1.0, 1.0]
    assert thresholded(Group(answers=("4",))) == [1.0]
    assert thresholded(Group(answers=())) == []


def test_refuses_a_threshold_above_one():
    with pytest.raises(ValueError, match="positive is 50"):
        thresholded(Group(answers=("4",)), positive=50)
