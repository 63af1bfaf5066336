import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.group import Visit
from ttrl_verl.reward_fns.pooled import pooled, pooled_label


def visit(step, label=None, size=4, **counts):
    return Visit(step, counts, size, label)


def test_worked_by_hand():
    # B: 2/4 now. A: 1/4 now, 3/4 a visit ago, counted half: 0.625.
    group = Group(answers=("A", "B", "B", None), history=(visit(1, A=3, B=1),))
    # B's own vote of a visit ago counts, too: 2/4 + 1/8 = 0.625, a tie, and B has more votes now.
    assert pooled(group) == [0.0, 1.0, 1.0, 0.0]
    assert pooled(group, decay=0.6) == [1.0, 0.0, 0.0, 0.0]  # 0.25 + 0.45 against 0.5 + 0.15


def test_the_older_a_visit_the_less_it_counts():
    history = (visit(1, C=4), visit(2, A=4))
    assert pooled_label(Group(answers=("B", "B", "C", "A"), history=history), decay=0.6) == "A"  # .25+.6, .5, .25+.36
    assert pooled_label(Group(answers=("B", "B", "C", "A"), history=history[::-1]), decay=0.6) == "C"


def test_visits_are_a_window_and_their_sizes_do_not_count():
    history = (visit(1, A=400, size=400), visit(2, B=1, size=2))
    group = Group(answers=("B", "A"), history=history)
    assert pooled_label(group, decay=1.0, visits=1) == "B"  # 0.5 + 0.5 against 0.5
    assert pooled_label(group, decay=1.0, visits=2) == "A"  # 0.5 + 1 against 1
    assert pooled_label(group, decay=1.0, visits=0) == "B"  # a tie of this visit alone: sampled first


def test_without_history_it_is_the_majority_vote():
    assert pooled(Group(answers=("A", "B", "B"), history=())) == [0.0, 1.0, 1.0]
    assert pooled(Group(answers=("A", "B", "B"), history=(visit(1, A=4),)), decay=0) == [0.0, 1.0, 1.0]


def test_no_signal():
    assert pooled(Group(answers=(), history=())) == []
    assert pooled(Group(answers=(None, None), history=(visit(1, A=4),))) == [0.0, 0.0]
    # The pooled answer is one that nobody gives now.
    assert pooled(Group(answers=("B", "C", "D", "E"), history=(visit(1, A=4),))) == [0.0] * 4


def test_refuses():
    with pytest.raises(ValueError, match="the group has no history"):
        pooled(Group(answers=("A",)))
    with pytest.raises(ValueError, match="decay is 2, visits 4"):
        pooled(Group(answers=("A",), history=()), decay=2)
    with pytest.raises(ValueError, match=r"visits 1\.5"):
        pooled(Group(answers=("A",), history=()), visits=1.5)
