import pytest
from sacrebleu.metrics import CHRF

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.soft_consensus import soft_consensus

TEXTS = ("The cat sat on the mat.", "A cat sat on a mat.", "The cat sat on the mat.", "Dogs bark.", "日本")


def test_it_is_the_mean_of_sacrebleus_own_chrf():
    metric = CHRF()
    expected = [
        sum(metric.sentence_score(one, [other]).score for place, other in enumerate(TEXTS) if place != at) / 400
        for at, one in enumerate(TEXTS)
    ]
    assert soft_consensus(Group(answers=TEXTS)) == pytest.approx(expected, rel=1e-6)
    assert expected[3] < expected[1] < expected[0]


def test_no_signal():
    assert soft_consensus(Group(answers=())) == []
    assert soft_consensus(Group(answers=("a", None))) == [0.0, 0.0]
    assert soft_consensus(Group(answers=("a cat", "a cat", None))) == [1.0, 1.0, 0.0]
