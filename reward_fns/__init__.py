"""Label-free rewards as pure functions: the answers of one prompt's group in, one reward a response out.

Nothing here imports torch, verl, ray, vllm or transformers. To add a reward to this package, write a function in a file
of its own and name it in ``REWARD_FNS``, with what it needs; verl then knows it as
``reward.reward_manager.name=<name>``. A reward of one's own needs no edit here: see ``names`` and docs/extend.md.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ttrl_verl.reward_fns.confidence_vote import confidence_vote
from ttrl_verl.reward_fns.consistency_band import consistency_band
from ttrl_verl.reward_fns.constant import constant
from ttrl_verl.reward_fns.empirical_entropy import empirical_entropy
from ttrl_verl.reward_fns.entropy_rewards import certainty, forking, relative_confidence
from ttrl_verl.reward_fns.group import Group, RewardFn, example_group
from ttrl_verl.reward_fns.guarded import guarded
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.names import find, is_own, reason
from ttrl_verl.reward_fns.novelty import novelty
from ttrl_verl.reward_fns.offline import agreement_band, offline
from ttrl_verl.reward_fns.oracle import oracle
from ttrl_verl.reward_fns.pooled import pooled
from ttrl_verl.reward_fns.random_reward import random_reward
from ttrl_verl.reward_fns.region_vote import region_vote
from ttrl_verl.reward_fns.reward import Reward
from ttrl_verl.reward_fns.scrl import scrl
from ttrl_verl.reward_fns.second_views import crossed, harmonic
from ttrl_verl.reward_fns.semantic_entropy import semantic_entropy
from ttrl_verl.reward_fns.soft_consensus import soft_consensus
from ttrl_verl.reward_fns.soft_pseudo_label import soft_pseudo_label
from ttrl_verl.reward_fns.thresholded import thresholded
from ttrl_verl.reward_fns.verdict import Verdict, VerdictError, checked
from ttrl_verl.reward_fns.verified_vote import verified_vote

REWARD_FNS: dict[str, Reward] = {
    "majority_vote": Reward(majority_vote, sees="label"),
    "empirical_entropy": Reward(empirical_entropy),
    "semantic_entropy": Reward(semantic_entropy),
    "soft_pseudo_label": Reward(soft_pseudo_label, uses=("prior",), estimator="reward_as_advantage"),
    "thresholded": Reward(thresholded, uses=("log_probs",)),
    "consistency_band": Reward(consistency_band),
    "confidence_vote": Reward(confidence_vote, needs=("log_probs",)),
    "verified_vote": Reward(verified_vote, needs=("checks",)),
    "region_vote": Reward(region_vote, answer_types=("box",)),
    "soft_consensus": Reward(soft_consensus),
    "novelty": Reward(novelty, needs=("texts",)),
    "pooled": Reward(pooled, needs=("history",)),
    "guarded": Reward(guarded, needs=("history", "index", "step")),
    "offline": Reward(offline, needs=("prior",)),
    "agreement_band": Reward(agreement_band, needs=("prior",)),
    "certainty": Reward(certainty, needs=("entropies",)),
    "relative_confidence": Reward(relative_confidence, needs=("entropies", "lengths")),
    "forking": Reward(forking, needs=("token_entropies", "lengths")),
    "scrl": Reward(scrl, needs=("entropies",)),
    "harmonic": Reward(harmonic, needs=("views",)),
    "crossed": Reward(crossed, needs=("views",)),
    "random": Reward(random_reward, uses=("index", "step")),
    "constant": Reward(constant, sees="label"),
    "oracle": Reward(oracle, needs=("label",), sees="label"),
}

__all__ = ["REWARD_FNS", "BoundReward", "Group", "Reward", "RewardFn", "Verdict", "get_reward_fn"]


@dataclass(frozen=True, slots=True)
class BoundReward:
    """A reward with its options: a function of a ``Group``. Pickled by its name, so that another process looks it up.

    Attributes:
        name: as it was asked for.
        reward: the function and its needs.
        options: its keyword arguments.
        origin: where it came from; ``ttrl_verl`` for one of ``REWARD_FNS``.
        own: whether it is a user's.
    """

    name: str
    reward: Reward
    options: Mapping[str, Any] = field(default_factory=dict)
    origin: str = "ttrl_verl"
    own: bool = False

    def __call__(self, group: Group) -> Any:
        """Return the rewards of a group."""
        return self.reward.fn(group, **self.options)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how another process finds it."""
        return _again, (self.name, dict(self.options))


def get_reward_fn(name: str, **options: object) -> BoundReward:
    """Return the reward of that name with its options bound; what it returns can be pickled.

    The options are tried on a group of two, so that a bad one is reported here and not in the middle of a run.

    Args:
        name: a key of ``REWARD_FNS``, an entry point, ``pkg://module:function`` or ``file.py:function``. What is named
            is a function of a ``Group``, or a ``Reward`` where it needs more than answers.
        **options: the keyword arguments of that reward, such as ``alpha``.

    Raises:
        ValueError: the name is unknown or cannot be loaded, it is no function of a group, an option is unknown to the
            reward, or its value is refused. The message names what is allowed.

    Example:
        >>> get_reward_fn("majority_vote")(Group(answers=("A", None)))
        [1.0, 0.0]
        >>> get_reward_fn("majority_vote", alpha=1)
        Traceback (most recent call last):
        ValueError: the reward majority_vote has no option alpha; it takes no options
    """
    found = find(name, "reward", REWARD_FNS)
    reward = found.value if isinstance(found.value, Reward) else Reward(found.value)
    known = _options(reward, name)
    for option, value in options.items():
        if option not in known:
            allowed = f"it takes {', '.join(known)}" if known else "it takes no options"
            raise ValueError(f"the reward {name} has no option {option}; {allowed}")
        _check_kind(name, option, value, known[option])
    bound = BoundReward(name, reward, options, found.origin, found.own)
    _try(bound)
    return bound


def needs_label(name: str) -> bool:
    """Return whether a reward of this package looks at the ground truth; a user's own is not loaded for the answer."""
    return not is_own(name, REWARD_FNS) and "label" in REWARD_FNS[name].fields


def _check_kind(name: str, option: str, value: object, default: object) -> None:
    """Check that an option is a number, or true or false, where its default is."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(default, bool):
        right, expected = isinstance(value, bool), "true or false"
    elif isinstance(default, (int, float)):
        right, expected = number and value == value, "a number"
    elif isinstance(default, str):
        right, expected = isinstance(value, str), "text"
    else:
        return
    if not right:
        raise ValueError(f"the reward {name} refuses its options: {option} is {value!r:.40}; expected {expected}")


def _options(reward: Reward, name: str) -> dict[str, Any]:
    """Return a reward's options with their defaults.

    Raises:
        ValueError: it is no function of a group.
    """
    if not callable(reward.fn):
        raise ValueError(f"the reward {name} is {type(reward.fn).__name__}; expected a function of a Group")
    try:
        parameters = list(inspect.signature(reward.fn).parameters.values())
    except (TypeError, ValueError) as error:
        raise ValueError(f"the reward {name} has no signature; expected a function of a Group") from error
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not positional:
        raise ValueError(f"the reward {name} takes no argument; expected a function of a Group")
    for parameter in [*positional[1:], *(p for p in parameters if p.kind is p.KEYWORD_ONLY)]:
        if parameter.default is parameter.empty:
            raise ValueError(
                f"the reward {name} takes {parameter.name} without a default; expected a Group, and options with one"
            )
    rest = [p for p in parameters if p not in positional[:1] and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return {p.name: p.default for p in rest}


def _try(bound: BoundReward) -> None:
    """Call the reward on a group of two."""
    group = example_group(bound.reward.fields)
    refuses = "refuses its options" if bound.options or not bound.own else "fails on a group of two"
    try:
        checked(bound(group), group)
    except VerdictError as error:
        raise ValueError(f"the reward {bound.name} {refuses}: {error}") from error
    except Exception as error:
        plain = not bound.own and isinstance(error, (TypeError, ValueError))
        said = str(error) if plain else reason(error, bound.origin)
        raise ValueError(f"the reward {bound.name} {refuses}: {said}") from error


def _again(name: str, options: dict[str, Any]) -> BoundReward:
    return get_reward_fn(name, **options)
