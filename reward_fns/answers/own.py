"""A user's answer type, at work in killable processes, under the limits of grading."""

from functools import cache
from typing import Any

from ttrl_verl.reward_fns.answers.canonical import Canonical
from ttrl_verl.reward_fns.answers.mathematics.limits import LimitedPool
from ttrl_verl.reward_fns.names import find

_HERE = "ttrl_verl.reward_fns.answers.own"


@cache
def _pool(name: str) -> LimitedPool:
    return LimitedPool(workers=4, preload=f"{_HERE}:load {name}")


def extract_apart(text: str, name: str) -> str | None:
    """Return the answer that a user's answer type finds in a response; ``None`` where it finds none or failed."""
    return _pool(name).call(f"{_HERE}:serve_extract", name, text).value


def canonical_apart(answer: str, name: str) -> Canonical:
    """Return the canonical form that a user's answer type gives an answer, and whether it failed or hit a limit."""
    outcome = _pool(name).call(f"{_HERE}:serve_canonical", name, answer)
    return Canonical(outcome.value, outcome.status != "ok")


@cache
def describe(name: str) -> str:
    """Return where an answer type came from, after it was loaded elsewhere.

    Raises:
        ValueError: it is not there, cannot be imported, or is no ``AnswerType``. The message is one line.
    """
    outcome = _pool(name).call(f"{_HERE}:serve_description", name)
    if outcome.status != "ok":
        raise ValueError(f"the answer type {name} could not be loaded: it ran past a limit, or ended its process")
    if "error" in outcome.value:
        raise ValueError(outcome.value["error"])
    return outcome.value["origin"]


def serve_description(name: str) -> dict[str, str]:
    """Load an answer type, in the process apart."""
    try:
        found = find(name, "answer type", {})
    except ValueError as error:
        return {"error": str(error)}
    if not all(callable(getattr(found.value, part, None)) for part in ("extract", "canonicalize")):
        return {"error": f"the answer type {name} is {type(found.value).__name__}; expected an AnswerType"}
    return {"origin": found.origin}


@cache
def load(name: str) -> Any:
    """Return the answer type of that name, in the process apart."""
    return find(name, "answer type", {}).value


def serve_extract(name: str, text: str) -> str | None:
    """Find an answer, in the process apart."""
    return _text(load(name).extract(text))


def serve_canonical(name: str, answer: str) -> str | None:
    """Bring an answer to canonical form, in the process apart."""
    return _text(load(name).canonicalize(answer))


def _text(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(f"an answer is {type(value).__name__}; expected str or None")
    return value
