import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.second_views import crossed, harmonic, label_by_view

# View 0: A A A B, view 1: B B B C.
ANSWERS = ("A", "B", "A", "B", "A", "B", "B", "C")
VIEWS = (0, 1) * 4


def test_the_harmonic_mean_by_hand():
    # A: 3/4 and 0: cannot win. B: 1/4 and 3/4: 2 * 0.1875 / 1 = 0.375.
    assert harmonic(Group(answers=ANSWERS, views=VIEWS)) == [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]


def test_a_steady_answer_beats_one_views_habit():
    first, second = ["A", "A", "A", "B", "B"], ["A", "B", "B", "C", "A"]
    answers = tuple(answer for pair in zip(first, second, strict=True) for answer in pair)
    group = Group(answers=answers, views=(0, 1) * 5)
    # A: 3/5 and 2/5: 2 * 0.24 / 1 = 0.48; B: 2/5 and 2/5: 0.4.
    assert harmonic(group) == [float(answer == "A") for answer in answers]
    second[0] = "D"
    answers = tuple(answer for pair in zip(first, second, strict=True) for answer in pair)
    group = Group(answers=answers, views=(0, 1) * 5)
    # A: 3/5 and 1/5: 2 * 0.12 / 0.8 = 0.3; B: 0.4. Both have four votes, and A was sampled first.
    assert harmonic(group) == [float(answer == "B") for answer in answers]
    assert majority_vote(group) == [float(answer == "A") for answer in answers]


def test_three_views_and_no_answers():
    group = Group(answers=("A", "A", "A", None, "B", None), views=(0, 1, 2, 0, 1, 2))
    assert harmonic(group) == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def test_crossed_labels_are_the_other_views():
    # View 0 says A, view 1 says B: the one B of view 0 earns, and no A is in view 1.
    assert crossed(Group(answers=ANSWERS, views=VIEWS)) == [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert label_by_view(Group(answers=ANSWERS, views=VIEWS)) == {0: "A", 1: "B"}


def test_of_three_views_the_others_vote_together():
    group = Group(answers=("A", "B", "B", "A"), views=(0, 1, 2, 2))
    # View 0: B B A: B. View 1: A B A: A. View 2: A B, the first: A.
    assert crossed(group) == [0.0, 0.0, 0.0, 1.0]


def test_no_signal():
    assert harmonic(Group(answers=(), views=())) == crossed(Group(answers=(), views=())) == []
    nobody = Group(answers=(None, None), views=(0, 1))
    assert harmonic(nobody) == crossed(nobody) == [0.0, 0.0]
    assert harmonic(Group(answers=("A", "B"), views=(0, 1))) == [0.0, 0.0]
    one = Group(answers=("A", "A", "B"), views=(0, 0, 0))
    assert harmonic(one) == majority_vote(one)
    assert crossed(one) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("reward", [harmonic, crossed])
def test_refuses_without_views(reward):
    with pytest.raises(ValueError, match="the group has no views"):
        reward(Group(answers=("A",)))
