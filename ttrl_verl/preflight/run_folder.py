"""The folder that a run writes to, before it starts."""

import os
from collections.abc import Iterator
from pathlib import Path

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.errors import InputError
from ttrl_verl.files import check_writable
from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.ray_address import joins
from ttrl_verl.record.folder import check_run_folder, run_folder


def check_folder(composed: Composed) -> Iterator[Finding]:
    """Yield whether the run may write into its folder."""
    folder = run_folder(composed.values)
    try:
        check_run_folder(composed.values, composed.ttrl)
        # The nodes of a cluster that is joined may see more than this machine: they are asked when it is.
        if not joins(composed.values["ray_kwargs"]["ray_init"], os.environ):
            _check_writable(folder)
    except InputError as error:
        yield Finding("wrong", "folder", str(error))
    else:
        yield Finding("ok", "folder", str(folder))


def _check_writable(folder: Path) -> None:
    """Check that the folder is one, or can be made, and that files can be made in it."""
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: is a file; expected a folder (trainer.default_local_dir)")
        check_writable(folder / "run.json")
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written: {error.strerror}: {error.filename} (trainer.default_local_dir)"
        ) from error
