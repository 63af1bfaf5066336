"""What every reward of the registry keeps to."""

import dataclasses
import pickle
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns import REWARD_FNS, Group, Verdict, get_reward_fn
from ttrl_verl.reward_fns.group import Visit

# No deadline: a busy machine is no failure.
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

RESPONSES = st.lists(
    st.tuples(st.sampled_from(["1", "2", "3", None]), st.floats(-5, 0).map(lambda x: round(x, 2))), max_size=10
)
# The coin is tossed for responses, not for answers.
DETERMINISTIC = sorted(set(REWARD_FNS) - {"random"})
# These pay a response by more than its answer.
BY_RESPONSE = {"novelty", "certainty", "crossed"}
# A view's labels depend on which responses it has.
BY_PLACE = {"harmonic", "crossed"}
# This one does not ask for the answer.
WITHOUT_ANSWERS = {"certainty"}


HISTORY = (Visit(1, {"1": 3, "2": 1}, 4, "1"), Visit(2, {"1": 2}, 4, "1"))


def rewards_of(name, group, **options):
    """Return the rewards of a group, whether the reward says more or not."""
    returned = get_reward_fn(name, **options)(group)
    return list(returned.rewards) if isinstance(returned, Verdict) else returned


def group(responses) -> Group:
    return Group(
        answers=tuple(a for a, _ in responses),
        log_probs=tuple(p for _, p in responses),
        checks=tuple(1.0 for _ in responses),
        texts=tuple(f"It is {a}, by {p}." for a, p in responses),
        history=HISTORY,
        index=0,
        step=3,
        entropies=tuple(-p for _, p in responses),
        token_entropies=tuple((-p, 0.5) for _, p in responses),
        lengths=tuple(2 for _ in responses),
        views=tuple(place % 2 for place in range(len(responses))),
        prior={"1": 0.5, "2": 0.25},
        label="1",
    )


@pytest.mark.parametrize("name", sorted(REWARD_FNS))
@quick
@given(responses=RESPONSES)
def test_one_finite_float_a_response(name, responses):
    rewards = rewards_of(name, group(responses))
    assert len(rewards) == len(responses)
    assert all(type(reward) is float and abs(reward) < 1e9 for reward in rewards)


@pytest.mark.parametrize("name", sorted(set(DETERMINISTIC) - WITHOUT_ANSWERS))
@quick
@given(responses=RESPONSES)
def test_no_answer_never_earns_more_than_an_answer(name, responses):
    rewards = rewards_of(name, group(responses))
    none = [reward for reward, (answer, _) in zip(rewards, responses, strict=True) if answer is None]
    some = [reward for reward, (answer, _) in zip(rewards, responses, strict=True) if answer is not None]
    assert not none or not some or max(none) <= min(some)


@pytest.mark.parametrize("name", sorted(set(DETERMINISTIC) - BY_RESPONSE))
@quick
@given(responses=RESPONSES)
def test_equal_answers_earn_equal_rewards(name, responses):
    rewards = rewards_of(name, group(responses))
    earned = {}
    for reward, (answer, _) in zip(rewards, responses, strict=True):
        assert earned.setdefault(answer, reward) == reward


@pytest.mark.parametrize("name", sorted(set(DETERMINISTIC) - BY_PLACE))
@quick
@given(responses=RESPONSES, seed=st.integers(0, 99))
def test_order_matters_to_ties_alone(name, responses, seed):
    # Ties go to the answer sampled first, so the group is made without one: "1" leads by more than all others together.
    responses = [*responses, *[("1", -0.5)] * (3 * len(responses) + 1)]
    order = random.Random(seed).sample(range(len(responses)), len(responses))
    rewards = rewards_of(name, group(responses))
    shuffled = rewards_of(name, group([responses[index] for index in order]))
    assert shuffled == pytest.approx([rewards[index] for index in order])


@pytest.mark.parametrize("name", sorted(REWARD_FNS))
def test_can_be_pickled(name):
    fn = get_reward_fn(name)
    example = group([("1", -0.1), ("2", -0.2), (None, -0.3)])
    assert pickle.loads(pickle.dumps(fn))(example) == fn(example)


@pytest.mark.parametrize("name", sorted(REWARD_FNS))
def test_names_what_it_needs(name):
    bare = Group(answers=("1", "2"))
    if REWARD_FNS[name].needs:
        with pytest.raises(ValueError, match="the group has no"):
            REWARD_FNS[name](bare)
    else:
        assert len(REWARD_FNS[name](bare)) == 2


@pytest.mark.parametrize("name", sorted(name for name, reward in REWARD_FNS.items() if "label" not in reward.fields))
@quick
@given(responses=RESPONSES)
def test_no_reward_but_the_oracle_sees_the_label(name, responses):
    seen = group(responses)
    unseen = dataclasses.replace(seen, label=None)
    assert get_reward_fn(name)(seen) == get_reward_fn(name)(unseen)


def test_unknown_names_and_options_are_told_what_is_allowed():
    with pytest.raises(ValueError, match="expected one of agreement_band, certainty, confidence_vote"):
        get_reward_fn("majority")
    with pytest.raises(ValueError, match="has no option sigm; it takes sigma, center, min_ratio, penalty"):
        get_reward_fn("soft_pseudo_label", sigm=1)
    with pytest.raises(ValueError, match="refuses its options"):
        get_reward_fn("empirical_entropy", alpha="much")
    with pytest.raises(ValueError, match="positive is 'two'; expected a number"):
        get_reward_fn("thresholded", positive="two")
    with pytest.raises(ValueError, match="alpha is nan; expected a number"):
        get_reward_fn("empirical_entropy", alpha=float("nan"))
    with pytest.raises(ValueError, match="alpha is inf; expected a finite number of at least 0"):
        get_reward_fn("empirical_entropy", alpha=float("inf"))
    with pytest.raises(ValueError, match="sigma is 1e-200"):
        get_reward_fn("soft_pseudo_label", sigma=1e-200)
    with pytest.raises(ValueError, match="gated is 'no'; expected true or false"):
        get_reward_fn("thresholded", gated="no")
