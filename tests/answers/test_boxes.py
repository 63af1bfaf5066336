r"""Boxes: where they end, which count, and which belong together."""

import pytest

from ttrl_verl.reward_fns.answers.boxes import boxed, last_boxed


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (r"\boxed{7$", None),  # cut off: no formula was open that the dollar could close
        (r"$\boxed{7$", "7"),
        (r"$\boxed{7$ holds", "7"),
        (r"\(\boxed{7\)", "7"),
        (r"\boxed{7", None),
        (r"\boxed{\text{B}", r"\text{B}"),  # only the box's own brace is missing
        (r"\boxed{\frac{1}{2}", r"\frac{1}{2}"),
        (r"\boxed{\frac{1}", None),  # half a fraction
        (r"\boxed{3} hence \boxed{4", None),
        (r"\boxed{5} \boxed{}", "5"),
        (r"\boxed{5}, in \boxed{your answer}", "5"),
        (r"\bbox[5px,border:2px]{5}", "5"),
        ("\x08oxed{5}", "5"),
        ("a box of 5, an ox", None),
    ],
)
def test_where_a_box_ends(text, held):
    assert last_boxed(text) == held


def test_a_box_that_was_cut_off_is_told_from_none():
    assert boxed(r"so \boxed{4") == (True, None)
    assert boxed("so 4") == (False, None)
    assert boxed(r"put it in \boxed{}") == (False, None)


def test_a_box_that_is_denied_is_none():
    assert boxed(r"It is \boxed{9}. (Not \boxed{7}, as one might think.)") == (True, "9")
    assert boxed(r"It is not $\boxed{7}$.") == (False, None)


def test_a_response_that_runs_in_circles_is_cut_off_at_a_box_it_has_given():
    assert boxed("\\boxed{9}\n\n\\boxed{9}\n\n\\boxed{") == (True, "9")
    assert boxed("First \\boxed{7}, then \\boxed{8}, so \\boxed{") == (True, None)
