import pytest

from ttrl_verl.reward_fns import Group, Verdict
from ttrl_verl.reward_fns.verdict import checked

GROUP = Group(answers=("4", "5", None), lengths=(1, 2, 1))


class Scalar:
    """A number of another library, as numpy's and torch's are."""

    def __float__(self):
        return 0.5


def test_a_list_says_the_rewards_alone():
    assert checked([1, Scalar(), True], GROUP) == Verdict((1.0, 0.5, 1.0))


def test_all_that_a_verdict_says():
    verdict = Verdict([1, 0, 0], weight=2, keep=[2, 0], skip=True, token_weights=[[1], [0, 1], [0.5]])
    assert checked(verdict, GROUP, kept=2) == Verdict((1.0, 0.0, 0.0), 2.0, (0, 2), True, ((1.0,), (0.0, 1.0), (0.5,)))


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ([1.0, 0.0], "it returned 2 rewards for 3 responses"),
        ("abc", "its rewards are str 'abc'; expected a list of numbers"),
        ([1, 0, None], r"its rewards\[2\] is None; expected a number"),
        ([1, 0, float("inf")], r"its rewards\[2\] is inf; expected a finite number"),
        (Verdict([1, 0, 0], weight=-1), "its weight is -1.0; expected at least 0"),
        (Verdict([1, 0, 0], skip=1), "its skip is 1; expected True or False"),
        (Verdict([1, 0, 0], keep=[0, 0]), "its keep has a place twice"),
        (Verdict([1, 0, 0], keep=[0, 3]), "its keep has 3; expected places from 0 to 2"),
        (Verdict([1, 0, 0], keep=[0]), "its keep has 1 places; expected 2, as many as the run keeps"),
        (Verdict([1, 0, 0], token_weights=[[1]]), "its token_weights are of 1 responses; expected 3"),
        (Verdict([1, 0, 0], token_weights=[[1], [1], [1]]), "of response 1 are 1; expected 2, one a token"),
        (Verdict([1, 0, 0], token_weights=[[1], [1, -1], [1]]), "of response 1 have one below 0"),
    ],
)
def test_what_is_refused(returned, said):
    with pytest.raises(ValueError, match=said):
        checked(returned, GROUP, kept=2)
