"""What of a run is a user's own, and where each came from."""

from collections.abc import Iterator
from typing import NamedTuple

from ttrl_verl.config import TTRLConfig
from ttrl_verl.reward_fns.answers import ANSWER_TYPE_NAMES, own
from ttrl_verl.reward_fns.apart import describe_check
from ttrl_verl.reward_fns.names import is_own


class OwnFunction(NamedTuple):
    """A function of a user's own.

    Attributes:
        what: reward, answer type or check.
        said: its name, where it came from, and what it needs.
    """

    what: str
    said: str


def own_functions(ttrl: TTRLConfig, reward: str) -> Iterator[OwnFunction]:
    """Yield each function of a user's own that a run names, loaded in a process apart.

    Args:
        ttrl: the section ``ttrl:``.
        reward: ``reward.reward_manager.name``.

    Raises:
        InputError: one cannot be loaded.
    """
    for bound, weight in ttrl.build_rewards(reward):
        if bound.own:
            needs = f", needs {', '.join(bound.reward.needs)}" if bound.reward.needs else ""
            times = "" if weight == 1 else f", times {weight:g}"
            yield OwnFunction("reward", f"{bound.name} from {bound.origin}{needs}{times}")
    if is_own(ttrl.answer_type, dict.fromkeys(ANSWER_TYPE_NAMES)):
        ttrl.build_answer_type()
        yield OwnFunction("answer type", f"{ttrl.answer_type} from {own.describe(ttrl.answer_type)}")
    if ttrl.check is not None:
        yield OwnFunction("check", f"{ttrl.check} from {describe_check(ttrl.check)}")
