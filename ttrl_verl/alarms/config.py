"""The section ``ttrl.alarms`` of a recipe."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["off", "log", "warn", "stop"]


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
    missing: Share = Share(threshold=0.1, patience=1)
    no_information: Watched = Watched(threshold=2.0, patience=2)
    information_lost: Share = Share(threshold=0.5, patience=2)
    label_moved: Share = Share(threshold=0.5)
    nothing_teaches: Event = Event(action="stop")
    audit_lost: Event = Event()
    data_changed: Event = Event(action="stop")
