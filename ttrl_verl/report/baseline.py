"""The compute-matched baseline: the untrained model's majority vote, with as many samples as training drew."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.record.visits import History
from ttrl_verl.report.validation import Validation

_SECTIONS = ("figures", "sources", "data_sources")


@dataclass(frozen=True, slots=True)
class Baseline:
    """One data source's.

    Attributes:
        source: which.
        drawn: how many responses a question training drew, the mean over questions.
        samples: how many the vote is of; ``None`` where there is no figure.
        maj: the untrained model's accuracy by that vote.
        origin: where the figure is from.
    """

    source: str
    drawn: float
    samples: int | None
    maj: Mean | None
    origin: str

    @property
    def matched(self) -> bool:
        """Whether the vote is of at least as many samples as training drew."""
        return self.samples is not None and self.samples >= self.drawn


def read_baselines(histories: Sequence[History], validation: Validation, file: Path | None) -> list[Baseline]:
    """Return the baseline of each data source that was adapted to.

    Args:
        histories: of the training questions.
        validation: the run's; its pass before training gives the figure where ``file`` has none.
        file: figures of the untrained model, as ``ttrl-verl eval`` writes them: a JSON object that has, under
            ``figures``, an object a data source, with ``samples`` and ``maj``, a number or ``{"value", "error"}``.

    Raises:
        InputError: the file has no such figures.
    """
    given = {} if file is None else _read(file)
    before = validation.passes.get(0, {})
    result = []
    for source in sorted({history[0].data_source for history in histories}):
        drawn = [sum(len(v.answers) for v in history) for history in histories if history[0].data_source == source]
        mean = sum(drawn) / len(drawn)
        if source in given:
            samples, maj = given[source]
            result.append(Baseline(source, mean, samples, maj, str(file)))
        elif source in before and before[source].maj is not None:
            origin = "validation before training"
            result.append(Baseline(source, mean, before[source].samples, before[source].maj, origin))
        else:
            result.append(Baseline(source, mean, None, None, ""))
    return result


def _read(file: Path) -> dict[str, tuple[int, Mean]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected an object with figures, got {type(content).__name__}")
    section = next((content[name] for name in _SECTIONS if isinstance(content.get(name), dict)), content)
    found = {source: _figure(file, source, entry) for source, entry in section.items() if _has_vote(entry)}
    if not found:
        raise InputError(f"{file}: holds no figures; expected figures.<data source> with samples and maj")
    return found


def _has_vote(entry: object) -> bool:
    return isinstance(entry, Mapping) and entry.get("maj") is not None


def _figure(file: Path, source: str, entry: Mapping[str, Any]) -> tuple[int, Mean]:
    maj, samples = entry["maj"], entry.get("samples")
    value, error = (maj.get("value"), maj.get("error")) if isinstance(maj, Mapping) else (maj, None)
    sound = isinstance(samples, int) and samples > 0 and _is_finite(value) and (error is None or _is_finite(error))
    if not sound or not 0 <= value <= 1:
        raise InputError(f"{file}: figures.{source}: expected samples and maj, a share, got {samples!r} and {maj!r}")
    return samples, Mean(float(value), error)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
