"""The training set's ground truths, kept in the driver and nowhere else.

verl copies every field of a training row to the workers that generate and grade. So the data set leaves the labels
out of its rows and files them here, in the process that built it. The group stage, which runs in the same process,
reads them after the rewards are written, for diagnosis; the ``oracle`` control alone is given them before.
"""

from collections.abc import Mapping

_labels: dict[int, str] = {}


def file_labels(labels: Mapping[int, str]) -> None:
    """Replace the labels on file. Keys are the rows' ``extra_info.index``; rows without a label have none."""
    _labels.clear()
    _labels.update(labels)


def label_of(index: int) -> str | None:
    """Return the ground truth of a training row, as its file has it, or ``None``."""
    return _labels.get(index)
