"""A folder that is there as a whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to fill; it appears under its name when the block ends, and not where the block fails.

    A process that was interrupted leaves no half model, and where two fill the same one the faster wins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=target.parent))
    partial.chmod(0o755)
    try:
        yield partial
        _rename(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _rename(partial: Path, target: Path) -> None:
    try:
        partial.rename(target)
    except OSError:
        if not target.is_dir():  # else another process was faster
            raise
