"""The best checkpoint so far, kept beside the last ones that verl keeps.

verl knows no best: it deletes the oldest (``trainer.max_actor_ckpt_to_keep``). As soon as a checkpoint is whole, and no
worse than the best before by the rule without labels (`report.checkpoints.RULE`), its files get a second name below
``best/``. A hard link costs nothing until verl deletes the first name; then it is what is left.
"""

import logging
import os
import shutil
from pathlib import Path

from ttrl_verl.errors import InputError
from ttrl_verl.record.layout import BEST, CHECKPOINT, MANIFEST
from ttrl_verl.record.read import open_run
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.record.visits import read_histories
from ttrl_verl.report.checkpoints import choose, read_candidates
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

    def __call__(self) -> None:
        """Look for checkpoints that were completed since the last call. A failure is told, and ends no run."""
        new = [path for path in self._folder.glob(f"{CHECKPOINT}*") if path.name not in self._seen]
        whole = [path for path in new if not what_is_missing(path)]
        if not whole or not (self._folder / MANIFEST).exists():
            return
        self._seen.update(path.name for path in whole)
        try:
            keep_best(self._folder)
        except (InputError, OSError) as error:
            _logger.warning("%s: the best checkpoint was not kept apart: %s", self._folder, error)


def keep_best(folder: Path) -> int | None:
    """Keep the best of a run's checkpoints below ``best/``, and no other there.

    Args:
        folder: the run's.

    Returns:
        Its step; ``None`` where nothing tells which is best.

    Raises:
        InputError: a file of the run cannot be read.
        OSError: the files cannot be linked.
    """
    run = open_run(folder)
    candidates = read_candidates(
        run.checkpoints(), read_histories(run.audit()), run.alarms(), Validation({}, frozenset())
    )
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
