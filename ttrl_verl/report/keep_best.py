"""The best checkpoint so far, kept beside the last ones that verl keeps.

verl knows no best: it deletes the oldest (``trainer.max_actor_ckpt_to_keep``). As soon as a checkpoint is whole, and no
worse than the best before by the rule without labels (`report.checkpoints.RULE`), its files get a second name below
``best/``. A hard link costs nothing until verl deletes the first name; then it is what is left.

Of the votes, the columns that the rule looks at are read, each step's once: a long run's record is gigabytes.
"""

import logging
import os
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.record.layout import BEST, CHECKPOINT, MANIFEST, audit_files
from ttrl_verl.record.read import open_run, read_votes
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.report.checkpoints import Glance, choose, read_candidates
from ttrl_verl.report.validation import Validation

_logger = logging.getLogger(__name__)


class BestKept:
    """Called again and again while a run trains; keeps its best checkpoint.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self._votes = VotesSoFar(folder)

    def __call__(self) -> None:
        """Look for checkpoints that were completed since the last call. A failure is told, and ends no run."""
        new = [path for path in self._folder.glob(f"{CHECKPOINT}*") if path.name not in self._seen]
        whole = [path for path in new if not what_is_missing(path)]
        if not whole or not (self._folder / MANIFEST).exists():
            return
        self._seen.update(path.name for path in whole)
        try:
            keep_best(self._folder, self._votes)
        except (InputError, OSError) as error:
            _logger.warning("%s: the best checkpoint was not kept apart: %s", self._folder, error)


class VotesSoFar:
    """The votes of a run, as the rule sees them. A step's file is read once, and again where it was written anew.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, tuple[tuple[int, int], dict[int, Glance]]] = {}

    def histories(self) -> list[list[Glance]]:
        """Return the visits of each question, in the order of steps.

        Raises:
            InputError: a file cannot be read. The message names it.
        """
        self._read = {path: self._step(path) for path in audit_files(self._folder)}
        by_index: dict[int, list[Glance]] = defaultdict(list)
        for _, visits in self._read.values():
            for index, visit in visits.items():
                by_index[index].append(visit)
        return [sorted(by_index[index], key=lambda visit: visit.step) for index in sorted(by_index)]

    def _step(self, path: Path) -> tuple[tuple[int, int], dict[int, Glance]]:
        """Return when a step's votes were written, and its visits by question."""
        found = path.stat()
        written = (found.st_mtime_ns, found.st_ino)  # written whole under another name: a new file
        if path in self._read and self._read[path][0] == written:
            return self._read[path]
        return written, {row["index"]: _glance(row) for row in read_votes(path, _COLUMNS).to_pylist()}


_COLUMNS = ("step", "index", "lengths", "pseudo_label", "majority_ratio", "unparsed", "truncated")


def _glance(row: dict[str, Any]) -> Glance:
    lengths = row["lengths"] or []
    return Glance(
        step=row["step"],
        responses=len(lengths),
        pseudo_label=row["pseudo_label"],
        majority_ratio=row["majority_ratio"] or 0.0,
        unparsed=row["unparsed"] or 0,
        truncated=row["truncated"] or 0,
        length=sum(lengths) / len(lengths) if lengths else 0.0,
    )


def keep_best(folder: Path, votes: VotesSoFar | None = None) -> int | None:
    """Keep the best of a run's checkpoints below ``best/``, and no other there.

    Args:
        folder: the run's.
        votes: of the run, where some were read before.

    Returns:
        Its step; ``None`` where nothing tells which is best.

    Raises:
        InputError: a file of the run cannot be read.
        OSError: the files cannot be linked.
    """
    run = open_run(folder)
    histories = (votes or VotesSoFar(folder)).histories()
    no_labels = Validation({}, frozenset())
    candidates = read_candidates(run.checkpoints(), histories, run.alarms(), no_labels, informed=False)
    best = choose(candidates).best_label_free
    if best is None:
        return None
    kept = folder / BEST / f"{CHECKPOINT}{best}"
    if not kept.exists():
        _link(run.checkpoint_folders()[best], kept)
    for other in (folder / BEST).iterdir():
        if other != kept:
            shutil.rmtree(other)
    return best


def _link(source: Path, target: Path) -> None:
    """Give each file of a folder a second name, all or none."""
    begun = target.with_name(f".{target.name}")
    shutil.rmtree(begun, ignore_errors=True)
    shutil.copytree(source, begun, copy_function=os.link)
    begun.rename(target)
