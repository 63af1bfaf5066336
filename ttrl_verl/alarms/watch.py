"""Follow a run step by step and say what fires.

Most thresholds are against the run's own start, the mean of its first ``START_STEPS`` steps: data whose questions share
one answer, or a model that answers in two words, is no collapse. Each alarm fires when what it watches has been so for
``patience`` steps in a row (fewer in a short run), once, and again only after it has been otherwise for as many. Memory
stays flat.
"""

import math
from dataclasses import dataclass, fields

from ttrl_verl.alarms.config import Action, AlarmsConfig, Watched
from ttrl_verl.alarms.rules import ALARMS, Alarm, Seen, StepStats
from ttrl_verl.printable import one_line

START_STEPS = 2
"""The first step is the model as it came; the second steadies the mean where a batch has few prompts."""


@dataclass(frozen=True, slots=True)
class Fired:
    """An alarm that fired: which, where, what was seen, what the limit is, what is to be done, and a sentence."""

    step: int
    alarm: str
    value: float
    threshold: float
    action: Action
    message: str


class Watch:
    """Follows a run step by step.

    Args:
        config: the section ``ttrl.alarms``.
        steps: how many steps the run is to have, where that is known. No alarm waits for more than a quarter of them:
            three steps of six are the half of what there is to save.
    """

    def __init__(self, config: AlarmsConfig, steps: int | None = None) -> None:
        self._config = config
        self._most_patience = math.inf if steps is None else max(1, math.ceil(steps / 4))
        self._first: list[StepStats] = []
        self._now: StepStats | None = None
        self._before: StepStats | None = None
        # How many steps in a row were past the limit, above 0, or within it, below 0: before this step, and with it.
        self._streak_before = dict.fromkeys((alarm.name for alarm in ALARMS), 0)
        self._streak = dict.fromkeys((alarm.name for alarm in ALARMS), 0)
        self.active: set[str] = set()

    def observe(self, now: StepStats) -> list[Fired]:
        """Take a step in, and return what fired at it.

        A step that comes in several parts is given whole each time; the last one counts.
        """
        if self._now is None or now.step != self._now.step:
            self._before, self._streak_before = self._now, dict(self._streak)
        if self._first and self._first[-1].step == now.step:
            self._first[-1] = now
        elif now.prompts and len(self._first) < START_STEPS:
            self._first.append(now)
        self._now = now
        fired = (self._look(alarm, now) for alarm in ALARMS)
        return [one for one in fired if one is not None]

    def _look(self, alarm: Alarm, now: StepStats) -> Fired | None:
        name = alarm.name
        if not now.prompts and name != "missing":
            return None  # nothing came, so that there is nothing else to see
        config: Watched = getattr(self._config, name)
        seen: Seen | None = alarm.see(config, _start(self._first), now, self._before)
        if seen is None or config.action == "off":
            return None
        patience = min(config.patience, self._most_patience)
        streak = self._streak_before[name]
        if seen.past:
            self._streak[name] = 1 if seen.anew else max(streak, 0) + 1
        else:
            self._streak[name] = min(streak, 0) - 1
        if name in self.active:
            if self._streak[name] <= -patience:
                self.active.discard(name)
            return None
        if self._streak[name] < patience:
            return None
        self.active.add(name)
        # A model wrote it.
        answer = None if now.top_answer is None else f"'{one_line(now.top_answer, 60)}'"
        saw = alarm.saw.format(value=seen.value, limit=seen.limit, answer=answer)
        message = f"{saw} for {patience} steps in a row: {alarm.means}" if patience > 1 else f"{saw}: {alarm.means}"
        return Fired(now.step, name, seen.value, seen.limit, config.action, message)


def _start(first: list[StepStats]) -> dict[str, float | None]:
    """Return the means of the first steps."""
    numbers = [field.name for field in fields(StepStats) if field.name not in ("step", "prompts", "top_answer")]
    means = {}
    for name in numbers:
        values = [value for value in (getattr(stats, name) for stats in first) if value is not None]
        means[name] = sum(values) / len(values) if values else None
    return means
