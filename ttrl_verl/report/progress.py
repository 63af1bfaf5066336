"""The run in plain words, from what it writes: its log, its metrics file and its validation files."""

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from ttrl_verl.launch import attempts
from ttrl_verl.record.layout import metrics_file

# What verl's log says when a stage of the start-up is reached, and what that means to the person who waits.
_STAGES = (
    ("Started a local Ray instance", "Ray is up; starting verl's processes (on GPUs this takes minutes)"),
    ("actor and ref model engine initialized", "the model is loaded for training; starting the reward worker"),
    ("reward loop manager initialized", "starting vLLM"),
    ("all initialize finished, ready to fit", "everything is up; measuring the model before training"),
)


class Progress:
    """Prints a line for each thing that happened, and a spinner with what is going on where there is a terminal.

    Args:
        console: where.
        folder: the run's, before this attempt at it is started.
        log: the file with verl's own output; what earlier attempts wrote there is not said again.
        steps: of training.
    """

    def __init__(self, console: Console, folder: Path, log: Path, steps: int) -> None:
        self._console = console
        self._metrics = metrics_file(folder, attempts(folder) + 1)
        self._first_validation = folder / "validation" / "0.jsonl"
        self._log = log
        self._steps = steps
        self._started = time.monotonic()
        self._stage = 0
        self._lines = 0
        self._offset = log.stat().st_size if log.exists() else 0
        self._measured = self._first_validation.exists()
        self._seconds: list[float] = []
        self._status = console.status("starting Ray")

    def __enter__(self) -> "Progress":
        self._status.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._status.stop()

    def update(self) -> None:
        """Look at what is new and say it."""
        self._read_log()
        if not self._measured and self._first_validation.exists() and self._first_validation.stat().st_size:
            self._measured = True
            self._say("measured the model before training", "training")
        self._read_metrics()

    def _read_log(self) -> None:
        if self._stage == len(_STAGES) or not self._log.exists():
            return
        with self._log.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        # Up to the last whole line: a marker may be half written.
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        text = whole.decode(errors="replace")
        while self._stage < len(_STAGES) and _STAGES[self._stage][0] in text:
            self._say(_STAGES[self._stage][1], _STAGES[self._stage][1])
            self._stage += 1

    def _read_metrics(self) -> None:
        if not self._metrics.exists():
            return
        lines = self._metrics.read_text(encoding="utf-8").split("\n")[:-1]
        for line in lines[self._lines :]:
            row = json.loads(line)
            if row["step"] > 0 and "timing_s/step" in row["data"]:
                self._say_step(row["step"], row["data"])
        self._lines = len(lines)

    def _say(self, what: str, doing: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        self._console.print(f"{minutes:3d}:{seconds:02d}  {what}", highlight=False, soft_wrap=True)
        self._status.update(doing)

    def _say_step(self, step: int, metrics: dict[str, Any]) -> None:
        self._seconds.append(metrics["timing_s/step"])
        said = votes_line(metrics)
        line = f"step {step:2d} of {self._steps}   {said}   {metrics['timing_s/step']:.0f} s"
        left = self._steps - step
        if left <= 0:
            self._say(line, "ending: the last votes, the checkpoint")
            return
        waiting = time_left(left * sum(self._seconds) / len(self._seconds))
        self._say(f"{line}, {waiting}", f"training, step {step + 1} of {self._steps}   {said}   {waiting}")


def votes_line(metrics: dict[str, Any]) -> str:
    """Return in a line what a step's votes were like.

    Example:
        >>> votes_line({"ttrl/majority_ratio": 0.5, "ttrl/answer_information": 1.234, "ttrl/unparsed_ratio": 0.1})
        'agreement 0.50   information 1.23   without an answer 0.10'
    """
    named = {"majority_ratio": "agreement", "answer_information": "information", "unparsed_ratio": "without an answer"}
    named["reward_mean"] = "reward"
    return "   ".join(f"{name} {metrics[f'ttrl/{k}']:.2f}" for k, name in named.items() if f"ttrl/{k}" in metrics)


def time_left(seconds: float) -> str:
    """Return how long is left, roughly, as one says it.

    Example:
        >>> time_left(40), time_left(400), time_left(40_000)
        ('less than a minute left', 'about 7 min left', 'about 11.1 h left')
    """
    if seconds < 60:
        return "less than a minute left"
    return f"about {seconds / 60:.0f} min left" if seconds < 7200 else f"about {seconds / 3600:.1f} h left"
