import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers, take_vote

# No deadline: a busy machine is no failure.
quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ANSWERS = st.lists(st.sampled_from(["1", "2", "3", None]), max_size=12)


def test_most_frequent_answer_wins():
    vote = take_vote(["7", "3", "3", None])
    assert (vote.label, vote.votes, vote.size) == ("3", 2, 4)
    assert vote.majority_ratio == 0.5  # 2 of 4: the unparsable one counts in N


def test_tie_goes_to_the_answer_sampled_first():
    assert take_vote(["7", "3", "3", "7"]).label == "7"
    assert take_vote([None, "3", "7"]).label == "3"


def test_defect_empty_answers_cannot_win():
    # TTRL of May 2025: "" is a vote; TTRV: so is None. Here nobody has an answer, so there is no label.
    assert take_vote([None] * 5 + ["3"]).label == "3"


def test_defect_nobody_parsable_is_no_error():
    # TTRL: Counter().most_common(1)[0] raises IndexError.
    assert take_vote([None, None]).label is None
    assert take_vote([None, None]).majority_ratio == 0.0


def test_no_responses():
    assert take_vote([]).majority_ratio == 0.0
    assert answer_entropy([]) == 0.0


def test_entropy():
    assert answer_entropy(["A", "A"]) == 0.0
    assert answer_entropy(["A", "B", None]) == pytest.approx(math.log(2))  # over the two that have an answer
    # p = 3/4, 1/4: 0.75 ln(4/3) + 0.25 ln 4 = 0.2158 + 0.3466
    assert answer_entropy(["A", "A", "B", "A"]) == pytest.approx(0.5623, abs=1e-4)


def test_counts_are_first_seen_first():
    assert list(count_answers(["B", None, "A", "B"]).items()) == [("B", 2), ("A", 1)]


def test_group_refuses_log_probs_of_another_length():
    with pytest.raises(ValueError, match="1 entries for 2 answers"):
        Group(answers=("A", "B"), log_probs=(0.0,))


@quick
@given(ANSWERS, st.integers(0, 99))
def test_order_changes_ties_alone(answers, seed):
    shuffled = random.Random(seed).sample(answers, len(answers))
    assert take_vote(shuffled).votes == take_vote(answers).votes
    assert answer_entropy(shuffled) == pytest.approx(answer_entropy(answers))
    assert 0.0 <= answer_entropy(answers) <= math.log(max(len(count_answers(answers)), 1)) + 1e-12
