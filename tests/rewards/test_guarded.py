import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.group import Visit
from ttrl_verl.reward_fns.guarded import guarded

SURE = ("A", "A", "A", "B")  # m / N = 0.75
UNSURE = ("A", "A", "B", "B")


def group(answers, labels, step=9):
    history = tuple(Visit(step, {label: 4}, 4, label) for step, label in enumerate(labels, start=1))
    return Group(answers=answers, history=history, index=3, step=step)


@pytest.mark.parametrize(
    ("answers", "labels", "weight"),
    [
        (SURE, "", 1.0),  # a first visit
        (UNSURE, "A", 1.0),
        (UNSURE, "BA", 0.75),  # B A A: one flip in two
        (UNSURE, "ABB", 1 - 0.5 * 2 / 3),  # A B B A: two in three
        (SURE, "B", 0.5 * 0.7),  # flipped, and sure now
        (SURE, "AAA", 1.0),  # four visits
        (SURE, "AAAA", 0.85),  # five, never changed, sure
        (UNSURE, "AAAA", 1.0),  # not sure
    ],
)
def test_weights(answers, labels, weight):
    verdict = guarded(group(answers, labels))
    assert verdict.weight == pytest.approx(weight)
    assert list(verdict.rewards) == [float(answer == "A") for answer in answers]
    assert not verdict.skip
    assert guarded(group(answers, labels), weigh=False).weight == 1.0


def test_the_least_weight():
    assert guarded(group(SURE, "B"), flips=1.0).weight == 0.1


def test_a_minority_earns_while_the_label_flips():
    # B has 2 of 8, C 1 of 8: a quarter is 2. 0.3 * 2/8 = 0.075.
    answers = ("A",) * 5 + ("B", "B", "C")
    assert guarded(group(answers, "B"), minority=0.3).rewards == pytest.approx([1.0] * 5 + [0.075] * 2 + [0.0])
    assert list(guarded(group(answers, "A"), minority=0.3).rewards) == [1.0] * 5 + [0.0] * 3


def test_a_prompt_that_flipped_once_and_is_sure_is_skipped_by_a_coin_that_comes_again():
    skipped = [guarded(group(SURE, "BA", step), skip=0.7).skip for step in range(10, 210)]
    assert skipped == [guarded(group(SURE, "BA", step), skip=0.7).skip for step in range(10, 210)]
    assert 120 <= sum(skipped) <= 160  # 140 expected, deviation 6.5
    assert guarded(group(SURE, "BA"), skip=1.0).skip
    assert not guarded(group(SURE, "BAB"), skip=1.0).skip  # flipped three times
    assert not guarded(group(UNSURE, "BA"), skip=1.0).skip
    assert not guarded(group(SURE, "AA"), skip=1.0).skip


def test_a_visit_without_any_answer_is_a_label_of_its_own():
    history = (Visit(1, {"A": 4}, 4, "A"), Visit(2, {}, 4, None))
    assert guarded(Group(answers=UNSURE, history=history, index=0, step=3)).weight == 0.5  # A, none, A: two in two


def test_no_signal():
    verdict = guarded(Group(answers=(None, None), history=(), index=0, step=1))
    assert (list(verdict.rewards), verdict.weight, verdict.skip) == ([0.0, 0.0], 1.0, False)
    assert list(guarded(Group(answers=(), history=(), index=0, step=1)).rewards) == []


def test_refuses():
    for missing in ("history", "index", "step"):
        fields = {"history": (), "index": 0, "step": 1} | {missing: None}
        with pytest.raises(ValueError, match=f"the group has no {missing}"):
            guarded(Group(answers=("A",), **fields))
    with pytest.raises(ValueError, match=r"skip 1\.5; expected numbers from 0 to 1"):
        guarded(group(SURE, ""), skip=1.5)
