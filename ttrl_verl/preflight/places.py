"""Where files are that a run names: on a file system, or in a store that this package does not read."""

import re
from collections.abc import Iterator

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_remote(name: object) -> bool:
    """Return whether a name is of a remote store.

    Example:
        >>> is_remote("hdfs://cluster/q.parquet"), is_remote("s3://bucket/q.jsonl"), is_remote("/data/q.jsonl")
        (True, True, False)
    """
    return isinstance(name, str) and _REMOTE.match(name) is not None


def check_places(composed: Composed) -> Iterator[Finding]:
    """Yield what is in a remote store.

    verl copies ``hdfs://`` files to each node before it reads them, and no other store's. Votes go by a question's row
    in its file, whose contents the record holds by a digest: they are to be files here.
    """
    from ttrl_verl.questions.read import as_list  # pyarrow, which the configuration alone does not need

    values = composed.values
    named = {
        "data.train_files": as_list(values["data"]["train_files"]),
        "data.val_files": as_list(values["data"]["val_files"]),
        "trainer.default_local_dir": [values["trainer"]["default_local_dir"]],
    }
    for key, names in named.items():
        remote = next((name for name in names if is_remote(name)), None)
        if remote is not None:
            yield Finding(
                "wrong",
                "places",
                f"{key} is {remote}, in a remote store; expected a path that every node of the run sees",
            )
            return
