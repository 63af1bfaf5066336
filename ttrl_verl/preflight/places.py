"""Where files are that a run names: on a file system, or in a store that this package does not read."""

from collections.abc import Iterator

from ttrl_verl.composition.places import is_remote
from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding


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
