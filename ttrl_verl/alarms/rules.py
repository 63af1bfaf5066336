"""What each alarm looks at, when it is past its limit, and what that means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ttrl_verl.alarms.config import Ratio, Rise, Share, Watched


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
        missing: share of the responses asked for that never came.
        flips: of the prompts seen before, the share whose pseudo-label is not the one of the visit before.
        moved: of the prompts seen before, the share whose pseudo-label is not the one of the first visit.
        majority_ratio: mean over prompts.
        information: the answer information, nats: see ``reward_fns.information``.
        information_z: the same in standard deviations above chance; ``None`` where nothing can be told: one
            question, few votes.
        off_prior: of the prompts on which ``ttrl.prior`` has a label, the share whose pseudo-label is another.
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
    missing: float = 0.0
    flips: float | None = None
    moved: float | None = None
    majority_ratio: float | None = None
    information: float | None = None
    information_z: float | None = None
    off_prior: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What an alarm sees at a step: a number, its limit, whether it is past that, and whether its count begins here."""

    value: float
    limit: float
    past: bool
    anew: bool = False


Start = Mapping[str, Any]
"""The means of the first steps, by the names of ``StepStats``; ``None`` where no step had a number."""

See = Callable[[Any, Start, StepStats, StepStats | None], Seen | None]
"""The alarm's section, the start, this step and the one before in; what is seen out, ``None`` for nothing to say."""

# From here on a start counts as informed: two standard deviations.
_KNOWN = 2.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm on a step's numbers.

    Attributes:
        name: its key in ``ttrl.alarms``.
        see: what it looks at.
        saw: what is said of it, with ``{value}``, ``{limit}`` and ``{answer}``.
        means: what that means, and what to do.
    """

    name: str
    see: See
    saw: str
    means: str


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


def _rise(name: str) -> See:
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


def _missing(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen:
    return Seen(now.missing, config.threshold, now.missing >= config.threshold)


def _no_information(config: Watched, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    """How far the first steps' answer information is above chance, until a later step's is.

    A step that can tell nothing, as of one question, is silent, and so is a run whose first pseudo-labels are all the
    same: its questions may have one true answer.
    """
    if start["information_z"] is None or now.information_z is None or start["top_label_share"] == 1:
        return None
    limit = config.threshold
    return Seen(start["information_z"], limit, start["information_z"] < limit and now.information_z < limit)


def _information_lost(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    """The answer information in units of its start, where there was some and the responses agree more than then."""
    if start["information_z"] is None or start["information_z"] < _KNOWN or now.information is None:
        return None
    value = now.information / start["information"]
    agrees = now.majority_ratio is not None and now.majority_ratio > start["majority_ratio"]
    return Seen(value, config.threshold, value < config.threshold and agrees)


def _label_flips(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    return None if now.flips is None else Seen(now.flips, config.threshold, now.flips >= config.threshold)


def _label_moved(config: Share, start: Start, now: StepStats, before: StepStats | None) -> Seen | None:
    return None if now.off_prior is None else Seen(now.off_prior, config.threshold, now.off_prior >= config.threshold)


ALARMS: tuple[Alarm, ...] = (
    Alarm(
        "constant_answer",
        _constant_answer,
        "{value:.0%} of all responses to all prompts say {answer} (limit {limit:.0%})",
        "the model gives one answer whatever the question, and the vote rewards it; go back to an earlier checkpoint "
        "and train with a lower learning rate or a KL loss",
    ),
    Alarm(
        "entropy_collapse",
        _entropy_collapse,
        "the answer entropy is {value:.1%} of what it was at the start (limit {limit:.0%})",
        "the model agrees with itself, and not on what it said at first; go back to an earlier checkpoint and train "
        "with a lower learning rate, a KL loss or a higher temperature",
    ),
    Alarm(
        "unparsed",
        _rise("unparsed"),
        "{value:.0%} of the responses have no answer (limit {limit:.0%})",
        "the format is being lost, or ttrl.answer_type does not fit what the model writes; `ttrl-verl audit` shows "
        "prompts",
    ),
    Alarm(
        "truncated",
        _rise("truncated"),
        "{value:.0%} of the responses are cut off at the length limit (limit {limit:.0%})",
        "their answers are never reached; raise data.max_response_length, or see why responses grow",
    ),
    Alarm(
        "length_collapse",
        _length_collapse,
        "responses are {value:.1%} as long as at the start (limit {limit:.0%})",
        "the model stopped working its answers out; compare responses in the validation dumps, and go back to an "
        "earlier checkpoint where the answers got worse",
    ),
    Alarm(
        "length_explosion",
        _length_explosion,
        "responses are {value:.1f} times as long as at the start (limit {limit:.1f})",
        "the model pads or repeats itself; look at responses in the validation dumps",
    ),
    Alarm(
        "no_signal",
        _no_signal,
        "{value:.0%} of the prompts reward all kept responses alike although these do not agree, or agreed from the "
        "start (limit {limit:.0%})",
        "nothing can be learnt from them; the reward does not tell answers apart, no response has an answer, or the "
        "questions are too easy",
    ),
    Alarm(
        "label_flips",
        _label_flips,
        "{value:.0%} of the prompts seen before changed their pseudo-label since the last visit (limit {limit:.0%})",
        "the vote is a toss-up and rewards noise; raise ttrl.votes, or leave the hardest questions out",
    ),
    Alarm(
        "missing",
        _missing,
        "{value:.0%} of the responses asked for never came (limit {limit:.0%})",
        "a reward worker or a vLLM server is dead or failing, and the votes are fewer; the log has its error",
    ),
    Alarm(
        "no_information",
        _no_information,
        "the votes of the first steps do not say which question was asked: their answer information is {value:.1f} "
        "standard deviations above chance (limit {limit:.1f})",
        "agreement rises all the same, on one answer to everything; the model does not know the task, its answers are "
        "not found, or all questions have one true answer; look at answers with `ttrl-verl audit` before going on",
    ),
    Alarm(
        "information_lost",
        _information_lost,
        "the answer information is {value:.0%} of what it was at the start (limit {limit:.0%}), and the majority ratio "
        "rose",
        "the model comes to answer alike whatever is asked; go back to an earlier checkpoint and train with a lower "
        "learning rate or a KL loss",
    ),
    Alarm(
        "label_moved",
        _label_moved,
        "{value:.0%} of the prompts have another pseudo-label than the frozen model's votes in ttrl.prior (limit "
        "{limit:.0%})",
        "the labels have moved away from where they began; look at the flips with `ttrl-verl audit`, or train on the "
        "frozen labels (reward=offline)",
    ),
)
"""The alarms on a step's numbers, in the order in which they are looked at. ``AlarmsConfig`` has a field for each."""
