import pytest

from ttrl_verl.reward_fns.keep import KEEP_RULES


@pytest.mark.parametrize(
    ("rule", "answers", "kept", "places"),
    [
        ("first", ["5", "4", "4"], 2, [0, 1]),
        ("balanced", ["4", "4", "4", "5", None], 4, [0, 1, 3, 4]),
        ("balanced", ["4", "4", "4", "5", None], 3, [0, 1, 3]),  # the majority has the larger half
        ("balanced", ["4", "4", "4", "5"], 4, [0, 1, 2, 3]),  # one disagrees: the majority fills up
        ("balanced", ["5", "4", "6", "4", "7", "8"], 5, [0, 1, 2, 3, 4]),  # two agree: the others fill up
        ("balanced", [None, None, None], 2, [0, 1]),
        ("spread", ["4", "4", "4", "5", None], 3, [0, 3, 4]),
        ("spread", ["4", "4", "4", "5", None], 4, [0, 1, 3, 4]),
        ("spread", [None, "5", "4", "4"], 2, [1, 2]),  # 4 first, then 5; no answer comes last
    ],
)
def test_rules(rule, answers, kept, places):
    assert KEEP_RULES[rule](answers, kept) == places


@pytest.mark.parametrize("rule", KEEP_RULES)
@pytest.mark.parametrize("answers", [[], ["4"], [None], ["4", "5"]])
def test_small_groups(rule, answers):
    places = KEEP_RULES[rule](answers, 8)
    assert places == list(range(len(answers)))
