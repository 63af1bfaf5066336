"""A user's function, run in a process of its own that can be killed and that holds nothing but what it is given.

The trainer's process knows the labels of the training set, and a reward worker those of validation. A function that
runs there, or a file that is imported there, could find them, by accident or not; here there are none to find. It may
also hang, run out of memory or end its process: that costs the one call. The processes are those of
``answers.mathematics.limits``, which see arguments and results as JSON. A function keeps no state between calls: its
process is replaced every 2,000 of them.
"""

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from ttrl_verl.reward_fns import REWARD_FNS, BoundReward, get_reward_fn
from ttrl_verl.reward_fns.answers.mathematics.limits import SECONDS, LimitedPool, Outcome
from ttrl_verl.reward_fns.checking import Response, get_check, try_check
from ttrl_verl.reward_fns.group import Group, Visit
from ttrl_verl.reward_fns.names import entry_point_names, find, is_elsewhere, is_own, reason
from ttrl_verl.reward_fns.reward import Reward
from ttrl_verl.reward_fns.verdict import Verdict, checked

REWARD_SECONDS = 300.0
"""How long a user's reward may take for one group, and to be loaded."""
MEGABYTES = 1 << 20
"""No limit in practice: a reward may hold a model."""
CHECK_WORKERS = 4
_HERE = "ttrl_verl.reward_fns.apart"


def describe_reward(name: str, options: Mapping[str, Any]) -> BoundReward:
    """Return a reward with its options and its needs, tried on a group of two. A user's own is loaded elsewhere.

    Args:
        name: as for ``get_reward_fn``.
        options: its keyword arguments; JSON, for a user's own.

    Raises:
        ValueError: as ``get_reward_fn``. The message is one line.
    """
    if not is_own(name, REWARD_FNS):
        return get_reward_fn(name, **options)
    if not is_elsewhere(name) and name not in entry_point_names("reward"):
        find(name, "reward", REWARD_FNS)  # raises: there is no such name
    pool = LimitedPool(seconds=REWARD_SECONDS, megabytes=MEGABYTES, workers=1, preload="")
    try:
        outcome = pool.call(f"{_HERE}:serve_description", name, dict(options))
    finally:
        pool.close()
    said = _said(outcome, REWARD_SECONDS)
    if said is not None:
        raise ValueError(said if outcome.status == "ok" else f"the reward {name} {said} on a group of two")
    known = outcome.value
    needs, uses, types = (tuple(known[key]) for key in ("needs", "uses", "answer_types"))
    return BoundReward(name, Reward(_elsewhere, needs, uses, types, known["estimator"]), options, known["origin"], True)


def describe_check(name: str) -> str:
    """Return where a check came from, after it was tried on an example, elsewhere.

    Raises:
        ValueError: it is not there, cannot be imported, is no function of one response, or fails on the example.
    """
    pool = LimitedPool(seconds=REWARD_SECONDS, workers=1, preload=f"{_HERE}:get_check {name}")
    try:
        outcome = pool.call(f"{_HERE}:serve_check_description", name)
    finally:
        pool.close()
    said = _said(outcome, REWARD_SECONDS)
    if said is not None:
        raise ValueError(said if outcome.status == "ok" else f"the check {name} {said} on an example")
    return outcome.value["origin"]


class ApartReward:
    """A user's reward in a process of its own.

    Args:
        reward: by its name the other process finds it.
        seconds: the limit for one group.
    """

    def __init__(self, reward: BoundReward, seconds: float = REWARD_SECONDS) -> None:
        self._reward, self._seconds = reward, seconds
        preload = f"{_HERE}:get_reward_fn {reward.name}"
        self._pool = LimitedPool(seconds=seconds, megabytes=MEGABYTES, workers=1, preload=preload)

    def __call__(self, group: Group, kept: int | None = None) -> Verdict:
        """Return the reward's verdict on a group, checked there.

        Raises:
            ValueError: the call failed. The message is one line: the reason, and the line of the function's file.
        """
        options = dict(self._reward.options)
        outcome = self._pool.call(f"{_HERE}:serve_reward", self._reward.name, options, _as_json(group), kept)
        said = _said(outcome, self._seconds)
        if said is not None:
            raise ValueError(said)
        return checked(Verdict(**outcome.value), group, kept)

    def close(self) -> None:
        """End the process."""
        self._pool.close()


class ApartCheck:
    """A user's check in killable processes, under the limits of grading. Any thread may call.

    Args:
        name: of the check.
        workers: processes.
        seconds: the limit for one response.
    """

    def __init__(self, name: str, workers: int = CHECK_WORKERS, seconds: float = SECONDS) -> None:
        self._name = name
        self._pool = LimitedPool(seconds=seconds, workers=workers, preload=f"{_HERE}:get_check {name}")

    def __call__(self, response: Response) -> tuple[float | None, str | None]:
        """Return the check's word, and why it has none where it failed: it hung, died, raised or said no word."""
        outcome = self._pool.call(f"{_HERE}:serve_check", self._name, dataclasses.asdict(response))
        said = _said(outcome, self._pool.seconds)
        return (outcome.value["word"], None) if said is None else (None, said)

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


def serve_description(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Load a reward and say what it needs, in the process apart."""
    try:
        bound = get_reward_fn(name, **options)
    except ValueError as error:
        return {"error": str(error)}
    reward = bound.reward
    known = {key: getattr(reward, key) for key in ("needs", "uses", "answer_types", "estimator")}
    return known | {"origin": bound.origin}


def serve_check_description(name: str) -> dict[str, Any]:
    """Load a check and try it, in the process apart."""
    try:
        check = get_check(name)
        try_check(check)
    except ValueError as error:
        return {"error": str(error)}
    return {"origin": check.origin}


def serve_reward(name: str, options: Mapping[str, Any], group: Mapping[str, Any], kept: int | None) -> dict[str, Any]:
    """Call a reward, in the process apart."""
    reward = _reward(name, json.dumps(options, sort_keys=True))
    seen = _from_json(group)
    try:
        returned = reward(seen)
    except (Exception, SystemExit) as error:
        return {"error": reason(error, reward.origin)}
    try:
        return dataclasses.asdict(checked(returned, seen, kept))
    except ValueError as error:
        return {"error": str(error)}


def serve_check(name: str, response: Mapping[str, Any]) -> dict[str, Any]:
    """Call a check, in the process apart."""
    check = get_check(name)
    try:
        return {"word": check(Response(**response))}
    except (Exception, SystemExit) as error:
        return {"error": reason(error, check.origin)}


def _said(outcome: Outcome, seconds: float) -> str | None:
    """Return why a call failed; ``None`` where it did not."""
    if outcome.status == "ok":
        return outcome.value.get("error")
    failed = {"time": f"ran past {seconds:g} s", "memory": "ran past its memory limit", "died": "ended its process"}
    return failed.get(outcome.status, "failed")


def _elsewhere(group: Group) -> NoReturn:
    raise RuntimeError("a user's reward is called in a process apart (ApartReward)")


@cache
def _reward(name: str, options: str) -> BoundReward:
    return get_reward_fn(name, **json.loads(options))


def _as_json(group: Group) -> dict[str, Any]:
    values = {field.name: getattr(group, field.name) for field in dataclasses.fields(group)}
    if group.history is not None:
        values["history"] = [dataclasses.asdict(visit) for visit in group.history]
    return {name: value for name, value in values.items() if value is not None}


def _from_json(values: Mapping[str, Any]) -> Group:
    """Return the group; JSON has lists where a group has tuples."""
    known = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    if "token_log_probs" in known:
        known["token_log_probs"] = tuple(tuple(row) for row in known["token_log_probs"])
    if "history" in known:
        known["history"] = tuple(Visit(**visit) for visit in known["history"])
    return Group(**known)
