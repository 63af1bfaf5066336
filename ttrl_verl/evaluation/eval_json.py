"""What an evaluation leaves: ``eval.json`` and a table.

``eval.json`` is one object:

===============  =======================================================================================================
``format``       1, the version of this layout
``model``        as it was given; null where a dump was read (``--from``)
``source``       the dump of the validation pass that the figures are of
``command``      the command that ran, as a list; null where a dump was read
``answer_type``  its name
``k``            the k of pass@k and maj@k
``figures``      by data source: ``role`` (``questions``, ``heldout`` or null), ``questions``, ``labelled``,
                 ``samples``, ``fewest``, ``avg``, ``maj``, ``greedy``, ``majority_ratio`` (each
                 ``{"value", "error"}`` or null), ``parsed_accuracy``, ``unparsed``, ``pass_at`` and ``maj_at`` (by k)
``matched``      with ``--match``: ``run``, ``responses``, ``questions``, ``visits``, ``n``; else null
``after``        with ``--match``: ``step`` and ``figures`` of the run's last validation, where it has one; else null
===============  =======================================================================================================
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.evaluate import FORMAT, Evaluation
from ttrl_verl.evaluation.figures import shown
from ttrl_verl.evaluation.run import Matched
from ttrl_verl.files import write_json
from ttrl_verl.printable import one_line

FILE = "eval.json"


@dataclasses.dataclass(frozen=True, slots=True)
class EvalResult:
    """An evaluation and where it is from; ``as_json`` is ``eval.json``.

    Attributes:
        model: as it was given.
        source: the dump.
        command: what ran.
        answer_type: its name.
        results: by data source.
        roles: by data source; one that is not there has none.
        matched: what training spent, with ``--match``.
        after: the run's last step that was validated and its figures, with ``--match``.
    """

    model: str | None
    source: Path
    command: Sequence[str] | None
    answer_type: str
    results: Mapping[str, Evaluation]
    roles: Mapping[str, str] = dataclasses.field(default_factory=dict)
    matched: Matched | None = None
    after: tuple[int, Mapping[str, Evaluation]] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the content of ``eval.json``."""
        after = self.after and {"step": self.after[0], "figures": self._figures(self.after[1])}
        return {
            "format": FORMAT,
            "model": self.model,
            "source": str(self.source),
            "command": None if self.command is None else list(self.command),
            "answer_type": self.answer_type,
            "k": sorted({k for result in self.results.values() for k in result.pass_at}),
            "figures": self._figures(self.results),
            "matched": self.matched and dataclasses.asdict(self.matched),
            "after": after,
        }

    def _figures(self, results: Mapping[str, Evaluation]) -> dict[str, Any]:
        return {source: result.as_json(self.roles.get(source)) for source, result in results.items()}

    def write(self, folder: Path) -> Path:
        """Write ``eval.json`` into a folder, whole or not at all, and return its path."""
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(path, self.as_json(), allow_nan=False)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        return path

    def table(self) -> Table:
        """Return the table for a terminal: a line a data source, and one for the trained model where there is one."""
        ks = sorted({k for result in self.results.values() for k in result.pass_at if k > 1})
        by_k = [f"{name}@{k}" for name in ("pass", "maj") for k in ks]
        table = Table("questions", "", self._avg(), *by_k, "greedy", "without an answer", box=box.SIMPLE_HEAD)
        for source, result in self.results.items():
            table.add_row(self._name(source, result), "untrained" if self.matched else "", *_cells(result, ks))
            if self.after and source in self.after[1]:
                table.add_row("", f"step {self.after[0]}", *_cells(self.after[1][source], ks))
        return table

    def _avg(self) -> str:
        """Return the heading of the mean: with its n, where it has one."""
        sizes = {result.figures.samples for result in (*self.results.values(), *(self.after or (0, {}))[1].values())}
        return f"avg@{sizes.pop()}" if len(sizes) == 1 else "avg@n"

    def _name(self, source: str, result: Evaluation) -> Text:
        heldout = ", held out" if self.roles.get(source) == "heldout" else ""
        return Text(f"{one_line(source, 60)} ({result.figures.questions}{heldout})")

    def notes(self) -> list[str]:
        """Return what the table does not say, a sentence each."""
        lines = ["± one standard error over questions; maj@n as drawn, maj@k below n the mean over every k of the n"]
        for source, result in self.results.items():
            figures, name = result.figures, one_line(source, 60)
            if figures.labelled == 0:
                lines.append(
                    f"{name}: no question has a label, so no accuracy; the majority ratio is {figures.majority_ratio}"
                )
            elif figures.labelled < figures.questions:
                lines.append(f"{name}: accuracy is over the {figures.labelled} of {figures.questions} with a label")
            if result.fewest < figures.samples:
                lines.append(f"{name}: a question has {result.fewest} responses in place of {figures.samples}")
            if self.matched and self.roles.get(source) != "heldout" and figures.maj is not None:
                lines.append(
                    f"{name}: compute-matched: the untrained model's maj@{figures.samples} is {figures.maj}; "
                    f"training drew {self.matched.responses} responses for {self.matched.questions} questions"
                )
        return lines


def _cells(result: Evaluation, ks: Sequence[int]) -> list[str]:
    figures = result.figures
    means = [figures.avg, *(by.get(k) for by in (result.pass_at, result.maj_at) for k in ks), figures.greedy]
    return [*map(shown, means), f"{figures.unparsed:.3f}"]
