import math

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.novelty import novelty, similarities


def test_the_cosine_of_bigrams():
    # "abab": ab 2, ba 1; "abcd": ab, bc, cd. Dot 2, lengths sqrt 5 and sqrt 3.
    assert similarities(["abab", "abcd"], 2)[0] == pytest.approx([1.0, 2 / math.sqrt(15)])


def test_white_space_is_one_space_and_a_short_text_one_gram():
    assert similarities(["a  b\n", "a b"], 2) == [[1.0, 1.0], [1.0, 1.0]]
    assert similarities(["", "ab", "ba", ""], 3) == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]


def test_characters_beyond_latin_and_orders_up_to_eight():
    texts = ["日本語の答えは四です", "日本語の答えは四です。", "\U0010ffff" * 9, "\ud800 alone"]
    for order in range(1, 9):
        alike = similarities(texts, order)
        assert alike[0][1] > 0.7
        assert alike[0][2] == alike[2][3] == 0.0


def test_worked_by_hand():
    # Bigrams: "ab" and "abc" share ab: 1 / sqrt(1 * 2) = 0.7071. "xy" is like none; "xz" neither; "ab" again is 1.
    group = Group(answers=("4", "4", "4", "5", "6"), texts=("ab", "abc", "xy", "xz", "ab"))
    c = 1 / math.sqrt(2)
    # The majority's side: nu = 1 - mean/2 - max/2.
    #   ab: mean c/2, nearest 1 (the other side's "ab"): 0.5 - c/4; abc: mean c/2, nearest c: 1 - 3c/4; xy: 1.
    first, second, third = 0.5 - c / 4, 1 - 3 * c / 4, 1.0
    share = (second - first) / (third - first)
    # The others' side: xz: 1; ab: mean 0, nearest 1: 0.5.
    expected = [0.5, 0.5 + share / 2, 1.0, -0.5, -1.0]
    assert novelty(group, order=2) == pytest.approx(expected)


def test_inner_alone_and_nearest_alone():
    group = Group(answers=("4", "4", "4"), texts=("ab", "ab", "xy"))
    # inner 1: means 0.5, 0.5, 0; inner 0: nearest 1, 1, 0.
    assert novelty(group, order=2, inner=1.0) == [0.5, 0.5, 1.0]
    assert novelty(group, order=2, inner=0.0) == [0.5, 0.5, 1.0]


def test_a_response_without_an_answer_is_worst_and_still_a_neighbour():
    group = Group(answers=("4", "4", "4", None), texts=("ab", "cd", "xy", "ab"))
    # All three differ from each other; the one that repeats what has no answer is less new.
    assert novelty(group, order=2) == [0.5, 1.0, 1.0, -1.0]


def test_no_signal():
    assert novelty(Group(answers=(), texts=())) == []
    assert novelty(Group(answers=(None, None), texts=("a", "b"))) == [0.0, 0.0]
    assert novelty(Group(answers=("4",), texts=("so 4",))) == [0.75]
    assert novelty(Group(answers=("4", "4"), texts=("so 4", "so 4"))) == [0.75, 0.75]


def test_refuses():
    with pytest.raises(ValueError, match="the group has no texts"):
        novelty(Group(answers=("4",)))
    for order in (0, 9, 2.5, True):
        with pytest.raises(ValueError, match="expected a whole number from 1 to 8"):
            novelty(Group(answers=("4",), texts=("4",)), order=order)
    with pytest.raises(ValueError, match="inner is 2"):
        novelty(Group(answers=("4",), texts=("4",)), inner=2)
