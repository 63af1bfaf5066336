"""Alarms that need no label: does the run still learn, or does it collapse? Both look like a rising reward.

What a step looked like goes in as ``StepStats``, what fired comes out as ``Fired``. Most thresholds are against the
run's own start, the mean of its first ``START_STEPS`` steps: data whose questions share one answer, or a model that
answers in two words, is no collapse. Each alarm fires when what it watches has been so for ``patience`` steps in a
row, once, and again only after it has been otherwise for as many. Nothing here imports verl, and memory stays flat.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["off", "log", "warn", "stop"]

START_STEPS = 2
"""The first step is the model as it came; the second steadies the mean where a batch has few prompts."""


class Event(BaseModel):
    """An alarm that fires at once, whenever it happens."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    action: Action = "warn"


class Watched(Event):
    """An alarm on a number that each step has."""

    threshold: float
    patience: int = Field(default=3, ge=1, le=10_000)


class Share(Watched):
    """A number from 0 to 1."""

    threshold: float = Field(gt=0, le=1)


class Rise(Share):
    """A share that may rise by ``threshold`` over its start, and be at most ``ceiling`` at any time."""

    ceiling: float = Field(default=0.9, gt=0, le=1)


class Ratio(Watched):
    """A number in units of what it was at the start."""

    threshold: float = Field(gt=0)


class AlarmsConfig(BaseModel):
    """The section ``ttrl.alarms`` of a recipe. ``recipes/base/ttrl.yaml`` says what each alarm means."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    constant_answer: Share = Share(threshold=0.8)
    entropy_collapse: Share = Share(threshold=0.05)
    unparsed: Rise = Rise(threshold=0.25)
    truncated: Rise = Rise(threshold=0.25)
    length_collapse: Share = Share(threshold=0.2)
    length_explosion: Ratio = Ratio(threshold=4.0)
    no_signal: Share = Share(threshold=0.9)
    label_flips: Share = Share(threshold=0.6, patience=5)
    audit_lost: Event = Event()
    data_changed: Event = Event(action="stop")


@dataclass(frozen=True, slots=True)
class StepStats:
    """What a training step looked like, without labels. Shares are from 0 to 1; ``None``: nothing to say.

    Attributes:
        step: its number.
        prompts: how many were visited.
        top_answer: the most common answer of all responses to all prompts.
        top_answer_share: its share of all responses.
        top_label_share: the share of prompts whose pseudo-label is the most common pseudo-label.
        answer_entropy: mean over prompts, nats.
        unparsed: share of responses without an answer.
        truncated: share of responses cut off at the length limit; ``None`` where the recipe does not mind.
        length: mean length of a response, tokens.
        no_signal: share of prompts whose kept rewards are all equal.
        unanimous: share of prompts whose kept responses all give one answer.
        flips: of the prompts seen before, the share whose pseudo-label is not the one of the visit before.
        moved: of the prompts seen before, the share whose pseudo-label is not the one of the first visit.
    """

    step: int
    prompts: int
    top_answer: str | None
    top_answer_share: float
    top_label_share: float
    answer_entropy: float
    unparsed: float
    truncated: float | None
    length: float | None
    no_signal: float
    unanimous: float
    flips: float | None = None
    moved: float | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """An alarm that fired: which, where, what was seen, what the limit is, what is to be done, and a sentence."""

    step: int
    alarm: str
    value: float
    threshold: float
    action: Action
    message: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What an alarm sees at a step: a number, its limit, whether that is past it, and whether counting starts anew."""

    value: float
    limit: float
    past: bool
    anew: bool = False


class Watch:
    """Follows a run step by step.

    Args:
        config: the section ``ttrl.alarms``.
    """

    def __init__(self, config: AlarmsConfig) -> None:
        self._config = config
        self._first: list[StepStats] = []
        self._now: StepStats | None = None
        self._before: StepStats | None = None
        # How many steps in a row were past the limit, above 0, or within it, below 0: before this step, and with it.
        self._streak_before = dict.fromkeys(_SEEN, 0)
        self._streak = dict.fromkeys(_SEEN, 0)
        self.active: set[str] = set()

    def observe(self, now: StepStats) -> list[Fired]:
        """Take a step in, and return what fired at it.

        A step that comes in several parts is given whole each time; the last one counts.
        """
        if self._now is None or now.step != self._now.step:
            self._before, self._streak_before = self._now, dict(self._streak)
        if self._first and self._first[-1].step == now.step:
            self._first[-1] = now
        elif len(self._first) < START_STEPS:
            self._first.append(now)
        self._now = now
        fired = (self._look(name, see, now) for name, see in _SEEN.items())
        return [alarm for alarm in fired if alarm is not None]

    def _look(self, name: str, see: Callable, now: StepStats) -> Fired | None:
        config: Watched = getattr(self._config, name)
        seen: Seen | None = see(config, _start(self._first), now, self._before)
        if seen is None or config.action == "off":
            return None
        streak = self._streak_before[name]
        if seen.past:
            self._streak[name] = 1 if seen.anew else max(streak, 0) + 1
        else:
            self._streak[name] = min(streak, 0) - 1
        if name in self.active:
            if self._streak[name] <= -config.patience:
                self.active.discard(name)
            return None
        if self._streak[name] < config.patience:
            return None
        self.active.add(name)
        saw, means = _MEANING[name]
        saw = saw.format(value=seen.value, limit=seen.limit, answer=_short(now.top_answer))
        message = f"{saw} for {config.patience} steps in a row: {means}"
        return Fired(now.step, name, seen.value, seen.limit, config.action, message)


def _start(first: list[StepStats]) -> dict[str, float | None]:
    """Return the means of the first steps."""
    numbers = [field.name for field in fields(StepStats) if field.name not in ("step", "prompts", "top_answer")]
    means = {}
    for name in numbers:
        values = [value for value in (getattr(stats, name) for stats in first) if value is not None]
        means[name] = sum(values) / len(values) if values else None
    return means


Start = Mapping[str, Any]


def _constant_answer(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen:
    """How far the share of one answer has gone from where it started to 1.

    A healthy run ends with each prompt's responses at its pseudo-label, so the share that it may reach is the one of
    the first pseudo-labels. Where these are all the same already, nothing can be told, and the alarm is silent.
    """
    base = max(start["top_answer_share"], start["top_label_share"])
    value = (now.top_answer_share - base) / (1 - base) if base < 1 else 0.0
    other = before is not None and before.top_answer != now.top_answer
    return Seen(now.top_answer_share, base + config.threshold * (1 - base), value >= config.threshold, anew=other)


def _entropy_collapse(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    """The answer entropy in units of its start, where agreement did not come from what the model said at first.

    A healthy run ends unanimous as well: on the pseudo-labels that it began with, or most of them. So a prompt seen
    again counts as healthy where its label is the first visit's; before any is seen again, agreement this strong on
    questions that were never trained on is what is looked for.
    """
    if not start["answer_entropy"]:
        return None
    value = now.answer_entropy / start["answer_entropy"]
    elsewhere = now.moved is None or now.moved >= 0.5
    return Seen(value, config.threshold, value < config.threshold and elsewhere)


def _rise(name: str) -> Callable[[Rise, Start, StepStats, StepStats | None], Seen | None]:
    def see(config: Rise, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
        value = getattr(now, name)
        if value is None:
            return None
        limit = min(start[name] + config.threshold, config.ceiling)
        return Seen(value, limit, value >= limit)

    return see


def _length(config: Ratio | Share, start: Start, now: StepStats) -> float | None:
    return now.length / start["length"] if now.length is not None and start["length"] else None


def _length_collapse(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    value = _length(config, start, now)
    return None if value is None else Seen(value, config.threshold, value < config.threshold)


def _length_explosion(config: Ratio, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    value = _length(config, start, now)
    return None if value is None else Seen(value, config.threshold, value > config.threshold)


def _no_signal(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen:
    """The share of prompts without a signal, less those that have come to agree since the start: these are done."""
    value = now.no_signal - max(0.0, now.unanimous - start["unanimous"])
    return Seen(value, config.threshold, value >= config.threshold)


def _label_flips(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    return None if now.flips is None else Seen(now.flips, config.threshold, now.flips >= config.threshold)


_SEEN: dict[str, Callable[[Any, Start, StepStats, StepStats | None], Seen | None]] = {
    "constant_answer": _constant_answer,
    "entropy_collapse": _entropy_collapse,
    "unparsed": _rise("unparsed"),
    "truncated": _rise("truncated"),
    "length_collapse": _length_collapse,
    "length_explosion": _length_explosion,
    "no_signal": _no_signal,
    "label_flips": _label_flips,
}

_MEANING = {
    "constant_answer": (
        "{value:.0%} of all responses to all prompts say {answer} (limit {limit:.0%})",
        "the model gives one answer whatever the question, and the vote rewards it; go back to an earlier checkpoint "
        "and train with a lower learning rate or a KL loss",
    ),
    "entropy_collapse": (
        "the answer entropy is {value:.1%} of what it was at the start (limit {limit:.0%})",
        "the model agrees with itself, and not on what it said at first; go back to an earlier checkpoint and train "
        "with a lower learning rate, a KL loss or a higher temperature",
    ),
    "unparsed": (
        "{value:.0%} of the responses have no answer (limit {limit:.0%})",
        "the format is being lost, or ttrl.answer_type does not fit what the model writes; `ttrl-verl audit` shows "
        "prompts",
    ),
    "truncated": (
        "{value:.0%} of the responses are cut off at the length limit (limit {limit:.0%})",
        "their answers are never reached; raise data.max_response_length, or see why responses grow",
    ),
    "length_collapse": (
        "responses are {value:.1%} as long as at the start (limit {limit:.0%})",
        "the model stopped working its answers out; compare responses in the validation dumps, and go back to an "
        "earlier checkpoint where the answers got worse",
    ),
    "length_explosion": (
        "responses are {value:.1f} times as long as at the start (limit {limit:.1f})",
        "the model pads or repeats itself; look at responses in the validation dumps",
    ),
    "no_signal": (
        "{value:.0%} of the prompts reward all kept responses alike although these do not agree, or agreed from the "
        "start (limit {limit:.0%})",
        "nothing can be learnt from them; the reward does not tell answers apart, no response has an answer, or the "
        "questions are too easy",
    ),
    "label_flips": (
        "{value:.0%} of the prompts seen before changed their pseudo-label since the last visit (limit {limit:.0%})",
        "the vote is a toss-up and rewards noise; raise ttrl.votes, or leave the hardest questions out",
    ),
}


def _short(answer: str | None) -> str:
    """Return an answer fit for one line of a log: a model wrote it."""
    text = repr(answer)
    return text if len(text) <= 60 else f"{text[:59]}…"
