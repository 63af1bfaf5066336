"""A checkpoint of a run as a Hugging Face folder, by verl's own model merger, with a card that says what it is."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.launch import log_tail
from ttrl_verl.record.read import Run
from ttrl_verl.record.saved import what_is_missing

_ADAPTER = "lora_adapter"
_OF_THE_MODEL = ("config.json", "generation_config.json", "model.safetensors.index.json")


def export(run: Run, step: int, out: Path, *, card: str) -> Path:
    """Write the weights of a step as a folder that transformers and vLLM load, and return the folder.

    A run that trained a LoRA adapter gives the adapter, with its base model's name in it; any other gives the whole
    model. verl's merger writes bfloat16. The folder appears under its name when it is complete.

    Args:
        run: the run.
        step: one of ``run.checkpoints()``.
        out: the folder to write; it must not exist, or be empty.
        card: the text of its README.md.

    Raises:
        InputError: the checkpoint is not there or incomplete, ``out`` holds something, or the merger fails. The message
            names the path.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: exists already; expected a new folder")
    folder = run.checkpoint_folders().get(step)
    if folder is None:
        saved = ", ".join(map(str, run.checkpoints())) or "none (trainer.save_freq)"
        raise InputError(f"{run.folder}: has no checkpoint of step {step}; saved are {saved}")
    if missing := what_is_missing(folder):
        raise InputError(f"{missing}; the checkpoint is not whole")
    checkpoint = folder / "actor"
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as name:
        merged = Path(name) / "model"
        _merge(checkpoint, merged, Path(name) / "merge.log")
        if (merged / _ADAPTER).is_dir():
            merged = _adapter_alone(merged, run.base_model)
        (merged / "README.md").write_text(card, encoding="utf-8")
        if out.exists():
            out.rmdir()
        merged.rename(out)
    return out


def _merge(checkpoint: Path, target: Path, log: Path) -> None:
    arguments = ["merge", "--backend", "fsdp", "--local_dir", str(checkpoint), "--target_dir", str(target)]
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "verl.model_merger", *arguments], stdout=output, stderr=output, check=False
        )
    if done.returncode != 0:
        said = log_tail(log).splitlines() or [f"it ended with status {done.returncode} and said nothing"]
        raise InputError(f"{checkpoint}: verl's model merger failed: {said[-1]}")


def _adapter_alone(merged: Path, base: str) -> Path:
    """Return the folder of the adapter, with the tokenizer beside it and the base model's name in it."""
    adapter = merged / _ADAPTER
    config = adapter / "adapter_config.json"
    settings: dict[str, Any] = json.loads(config.read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = base
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    for file in merged.iterdir():
        if file.is_file() and file.suffix != ".safetensors" and file.name not in _OF_THE_MODEL:
            shutil.copy(file, adapter / file.name)
    return adapter
