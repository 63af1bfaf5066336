"""The file that `ttrl-verl answer` and `vote` write in the end, looked at before hours of a model go into it."""

from pathlib import Path

from ttrl_verl.errors import InputError
from ttrl_verl.files import check_writable

RUN = ".run"
"""What the name of the run's folder ends in, which stands beside the file."""


def check_out(out: Path) -> None:
    """Check that the file is a new one and can be written; nothing is left behind.

    Raises:
        InputError: it is there, is a folder, has the name of the run's own, or cannot be written.
    """
    try:
        if out.is_dir():
            raise InputError(f"{out}: is a folder; expected a new file (--out)")
        if out.exists():
            raise InputError(f"{out}: is there already; expected a new file (--out)")
        if out.suffix == RUN:
            raise InputError(f"{out}: is what the run's folder is called; expected another name (--out)")
        check_writable(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}: {error.filename} (--out)") from error
