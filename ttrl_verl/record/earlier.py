"""A prompt's earlier visits, from the votes on record: what a reward sees as ``history``.

The record is the only source, in a run that goes on and in one that was killed and resumed alike: so both have the same
histories. In memory are the steps of each prompt's last visits, four bytes each, however long the run; the answers stay
on disk until a prompt comes again.
"""

import logging
from array import array
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ttrl_verl.printable import first_line
from ttrl_verl.record.layout import audit_file, audit_files, audit_step
from ttrl_verl.reward_fns.group import Visit
from ttrl_verl.reward_fns.vote import count_answers

_NEVER = 0
_logger = logging.getLogger(__name__)


class EarlierVisits:
    """The earlier visits to the prompts of a run.

    Args:
        folder: the run's.
        last: how many visits to a prompt are looked back at.
    """

    def __init__(self, folder: Path, last: int) -> None:
        self._folder, self._last = folder, last
        # Of each prompt `last` steps, the latest first.
        self._steps = array("i")
        self._taken = 0

    def before(self, step: int, indices: Collection[int]) -> dict[int, tuple[Visit, ...]]:
        """Return the visits to some prompts before a step, by index, the oldest first; empty for one not seen before.

        A visit of which no response came is none. A file that cannot be read is told in the log, and its visits are
        missing.

        Args:
            step: the step in flight; what the record has of it, or of later ones that are done again, is left out.
            indices: of the prompts, the row's place in the training set.
        """
        self._take_in(step)
        wanted = set(indices)
        by_step: dict[int, set[int]] = defaultdict(set)
        for index in wanted:
            for visited in self._steps[index * self._last : (index + 1) * self._last]:
                if visited != _NEVER:
                    by_step[visited].add(index)
        found: dict[int, list[Visit]] = {index: [] for index in wanted}
        for visited in sorted(by_step):
            table = self._read(audit_file(self._folder, visited), ["index", "answers", "pseudo_label"])
            rows = table.filter(pc.is_in(table["index"], pa.array(sorted(by_step[visited]), pa.int64())))
            for row in rows.to_pylist():
                if row["answers"]:
                    counts = dict(count_answers(row["answers"]))
                    found[row["index"]].append(Visit(visited, counts, len(row["answers"]), row["pseudo_label"]))
        return {index: tuple(visits[-self._last :]) for index, visits in found.items()}

    def _take_in(self, step: int) -> None:
        """Note who was visited at the steps on record since the last look."""
        for path in audit_files(self._folder):
            if self._taken < audit_step(path) < step:
                table = self._read(path, ["index", "distinct_answers", "unparsed"])
                came = table.filter(pc.greater(pc.add(table["distinct_answers"], table["unparsed"]), 0))
                for index in set(came["index"].to_pylist()):
                    if index >= 0:
                        self._note(index, audit_step(path))
        self._taken = max(self._taken, step - 1)

    def _note(self, index: int, step: int) -> None:
        missing = (index + 1) * self._last - len(self._steps)
        if missing > 0:
            # Half as much again, so that a growing table is not copied at every row.
            self._steps.frombytes(
                bytes(self._steps.itemsize * (missing + len(self._steps) // 2 // self._last * self._last))
            )
        first = index * self._last
        self._steps[first : first + self._last] = array("i", [step, *self._steps[first : first + self._last - 1]])

    def _read(self, path: Path, columns: list[str]) -> pa.Table:
        try:
            return pq.read_table(path, columns=columns)
        except (OSError, pa.ArrowException) as error:
            _logger.warning("%s: cannot be read, and histories go without it: %s", path, first_line(error))
            empty = {"index": pa.int64(), "answers": pa.list_(pa.string()), "pseudo_label": pa.string()}
            return pa.schema([(name, empty.get(name, pa.int64())) for name in columns]).empty_table()
