"""The folder that a run writes to, before it starts."""

from collections.abc import Iterator

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.errors import InputError
from ttrl_verl.preflight import Finding
from ttrl_verl.record.folder import check_run_folder, run_folder


def check_folder(composed: Composed) -> Iterator[Finding]:
    """Yield whether the run may write into its folder."""
    try:
        check_run_folder(composed.values, composed.ttrl)
    except InputError as error:
        yield Finding("wrong", "folder", str(error))
    else:
        yield Finding("ok", "folder", str(run_folder(composed.values)))
