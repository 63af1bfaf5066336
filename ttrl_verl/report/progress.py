"""The run in plain words, from what it writes: its log, its metrics file and its validation files."""

import json
import time
from pathlib import Path

from rich.console import Console

from ttrl_verl.record.layout import metrics_file

# What verl's log says when a stage of the start-up is reached, and what that means to the person who waits.
_STAGES = (
    ("Started a local Ray instance", "Ray is up; starting verl's processes (each imports verl, so this takes minutes)"),
    ("actor and ref model engine initialized", "the model is loaded for training; starting the reward worker"),
    ("reward loop manager initialized", "starting vLLM"),
    ("all initialize finished, ready to fit", "everything is up; measuring the model before training"),
)


class Progress:
    """Prints a line for each thing that happened, and a spinner with what is going on where there is a terminal."""

    def __init__(self, console: Console, folder: Path, log: Path, steps: int) -> None:
        self._console = console
        self._metrics = metrics_file(folder, 1)
        self._first_validation = folder / "validation" / "0.jsonl"
        self._log = log
        self._steps = steps
        self._started = time.monotonic()
        self._stage = 0
        self._lines = 0
        self._offset = 0
        self._measured = False
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
            if row["step"] > 0:
                self._say(_step_line(row, self._steps), f"training, step {row['step'] + 1} of {self._steps}")
        self._lines = len(lines)

    def _say(self, what: str, doing: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        self._console.print(f"{minutes:3d}:{seconds:02d}  {what}", highlight=False, soft_wrap=True)
        self._status.update(doing)


def _step_line(row: dict, steps: int) -> str:
    metrics = row["data"]
    return (
        f"step {row['step']:2d} of {steps}   agreement {metrics['ttrl/majority_ratio']:.2f}   "
        f"without an answer {metrics['ttrl/unparsed_ratio']:.2f}   reward {metrics['ttrl/reward_mean']:.2f}   "
        f"{metrics['timing_s/step']:.0f} s"
    )
