from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.majority_vote import majority_vote


def test_agreeing_responses_earn_one():
    assert majority_vote(Group(answers=("4", "5", "4", None))) == [1.0, 0.0, 1.0, 0.0]


def test_tie_goes_to_the_answer_sampled_first():
    assert majority_vote(Group(answers=("5", "4", "4", "5"))) == [1.0, 0.0, 0.0, 1.0]


def test_no_signal():
    assert majority_vote(Group(answers=(None, None))) == [0.0, 0.0]
    assert majority_vote(Group(answers=("4", "4"))) == [1.0, 1.0]
    assert majority_vote(Group(answers=("4",))) == [1.0]
    assert majority_vote(Group(answers=())) == []


def test_defect_unparsable_responses_earn_nothing_together():
    # In TTRL "" equals "": where "" wins the vote, every response that cannot be parsed earns 1.
    assert majority_vote(Group(answers=(None, None, None, "4"))) == [0.0, 0.0, 0.0, 1.0]


def test_defect_the_answer_none_is_not_the_missing_answer():
    # TTRL's label is the string "None" where nobody can be parsed.
    assert majority_vote(Group(answers=(None, None, "none"))) == [0.0, 0.0, 1.0]


def test_defect_no_label_is_needed():
    # The originals' reward asserts that all responses have the same ground truth. A label changes nothing here.
    answers = ("4", "5", "4")
    assert majority_vote(Group(answers=answers, label="5")) == majority_vote(Group(answers=answers))


def test_takes_no_options():
    assert get_reward_fn("majority_vote")(Group(answers=("4",))) == [1.0]
