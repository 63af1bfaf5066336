"""What to type next, once a file is there."""

import shlex
from collections.abc import Sequence

from ttrl_verl.composition.overrides import quoted


def train_line(recipe: str, train: Sequence[str], validate: Sequence[str], answer_type: str) -> str:
    """Return the command that trains on files, as a shell takes it.

    Example:
        >>> train_line("ttrl", ["q.parquet"], ["q.parquet"], "math")
        'ttrl-verl train ttrl data=q.parquet model=ORG/MODEL'
    """
    settings = [f"data={_files(train)}"]
    # TTRV's recipes measure on a file of their own data set.
    if list(validate) != list(train) or recipe.startswith("ttrv"):
        settings.append(f"val={_files(validate)}")
    if recipe == "ttrl" and answer_type != "math":  # the general recipe's own
        settings.append(f"ttrl.answer_type={answer_type}")
    return shlex.join(["ttrl-verl", "train", recipe, *settings, "model=ORG/MODEL"])


def _files(files: Sequence[str]) -> str:
    # The short name quotes a single file itself.
    return str(files[0]) if len(files) == 1 else quoted(list(files))
