"""Whether a checkpoint is one: all its ranks' files and the data's state, or only what a crash or a full disk left."""

import re
import zipfile
from pathlib import Path

_SHARD = re.compile(r"(\w+)_world_size_(\d+)_rank_(\d+)\.pt")
DATA_STATE = "data.pt"


def what_is_missing(folder: Path) -> str:
    """Return what a checkpoint lacks, in a line; an empty one where it is complete.

    verl writes each rank's shards of the actor, then of the critic, then the state of the data loader. It deletes old
    shards (``trainer.max_actor_ckpt_to_keep``) and leaves the rest of the folder.

    Args:
        folder: ``global_step_N``.
    """
    actor = folder / "actor"
    models = [part for part in (actor, folder / "critic") if part == actor or part.is_dir()]
    for part in models:
        shards = {found.groups(): path for path in _files(part) if (found := _SHARD.fullmatch(path.name))}
        if not any(kind == "model" for kind, _, _ in shards):
            return f"{part}: holds no weights of FSDP (model_world_size_*_rank_0.pt)"
        for kind, size in sorted({(kind, size) for kind, size, _ in shards}):
            for rank in range(int(size)):
                path = shards.get((kind, size, str(rank)))
                if path is None or not path.stat().st_size:
                    return f"{part}: lacks {kind}_world_size_{size}_rank_{rank}.pt"
    state = folder / DATA_STATE
    # torch writes a zip archive, whose directory comes last: one that was cut off is none.
    if not state.is_file() or not zipfile.is_zipfile(state):
        return f"{folder}: lacks {DATA_STATE}, or the whole of it; verl writes it last"
    return ""


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
