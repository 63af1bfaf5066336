"""What the demo can show: a recipe, a model, questions to adapt to and questions held out."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

from ttrl_verl.errors import InputError

_HERE = Path(__file__).parent


def cache_dir() -> Path:
    """Return where what the demo makes once is kept: below ``$XDG_CACHE_HOME``, or ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ttrl-verl"


@dataclass(frozen=True, slots=True)
class Made:
    """What is made once on a machine and kept.

    Attributes:
        module: run as ``python -m MODULE FOLDER``, it fills the folder.
        name: the folder's, in the cache.
        model: where in it the model is.
        saying: what it does, for the person who waits.
        kind: what follows FOLDER on the command line, where the module makes several.
    """

    module: str
    name: str
    model: str
    saying: str
    kind: str | None = None

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return cache_dir() / self.name

    @property
    def model_dir(self) -> Path:
        """The model's folder."""
        return self.folder / self.model

    @property
    def arguments(self) -> list[str]:
        """What follows ``python -m``."""
        return [self.module, str(self.folder), *([] if self.kind is None else [self.kind])]


SMOLLM2 = Made(
    module="ttrl_verl.demo.smollm2",
    name="SmolLM2-135M-Instruct",
    model=".",
    saying="preparing the model, once: SmolLM2-135M, from GGUF",
)


def _digits(kind: str, name: str, called: str) -> Made:
    return Made(
        module="ttrl_verl.demo.digits_model",
        name=name,
        model="model",
        saying=f"preparing the model, once: a small {called} learns upright digits, with labels (minutes)",
        kind=kind,
    )


# The number in a name goes up when what is made changes.
DIGITS = {
    "qwen2.5-vl": _digits("qwen2.5-vl", "digits-qwen2_5-vl-1", "Qwen2.5-VL"),
    "internvl": _digits("internvl", "digits-internvl-1", "InternVL"),
    "qwen3-vl": _digits("qwen3-vl", "digits-qwen3-vl-1", "Qwen3-VL"),
}
"""The vision demo's models by the names that ``--model`` takes; the first is the one without it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A set of questions of the demo: those adapted to, those held out, and how they are learnt from.

    Attributes:
        adapted: the file adapted to.
        heldout: the file measured on beside it.
        recipe: how they are learnt from.
        reward: a name of ``REWARD_FNS``.
        made: the model that is made for them, and for some tasks the files.
        own_model: a folder or a hub id instead of the made model.
        overrides: Hydra overrides of the task's.
    """

    adapted: Path
    heldout: Path | None
    recipe: str = "demo_cpu"
    reward: str = "majority_vote"
    made: Made = SMOLLM2
    own_model: str | None = None
    overrides: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model's folder or hub id."""
        return self.own_model or str(self.made.model_dir)


TASKS = {
    "continents": Task(_HERE / "continents_adapted.jsonl", _HERE / "continents_heldout.jsonl"),
    # Harder for the model: many wrong plurals are common, and then the majority is wrong.
    "plurals": Task(
        _HERE / "plurals_adapted.jsonl", _HERE / "plurals_heldout.jsonl", overrides=("ttrl.answer_type=text",)
    ),
}


def chosen_task(
    name: str | None,
    *,
    vision: bool,
    single: bool,
    questions: Path | None,
    heldout: Path | None,
    model: str | None = None,
) -> Task:
    """Return the task that a command line asks for.

    Args:
        name: of ``TASKS``; ``continents`` where it is ``None``.
        vision: rotated digits, made together with the model that learnt upright ones.
        single: of those, adapt to one picture alone.
        questions: a file to adapt to instead of the task's own.
        heldout: a file to measure on beside it.
        model: with ``vision`` a name of ``DIGITS``; else, and otherwise, a folder or a hub id.

    Raises:
        InputError: there is no such task or file, or two things that exclude each other were asked for.
    """
    if single and not vision:
        raise InputError("--single goes with --vision")
    if vision and name is not None:
        raise InputError(f"--task {name} is text; expected --vision or --task, not both")
    if vision:
        made = DIGITS.get(model or "qwen2.5-vl")
        task = _vision_task(single, made or DIGITS["qwen2.5-vl"])
        model = None if made else model
    elif name is None or name in TASKS:
        task = TASKS[name or "continents"]
    else:
        raise InputError(f"--task is {name!r}; expected one of {', '.join(TASKS)}")
    if model in DIGITS and not Path(model).exists():
        raise InputError(f"--model {model} is a model of pictures; it goes with --vision")
    task = dataclasses.replace(task, own_model=model)
    if questions is None:
        return task
    for file in (questions, heldout):
        if file is not None and not file.is_file():  # told now, not after minutes in which a model is made
            raise InputError(f"{file}: no such file")
    # Their answers are found by the recipe's own rules; a task's are of its own questions.
    return dataclasses.replace(task, adapted=questions, heldout=heldout, overrides=())


def _vision_task(single: bool, made: Made) -> Task:
    folder = made.folder
    return Task(
        folder / ("digits_single.jsonl" if single else "digits_adapted.jsonl"),
        folder / "digits_heldout.jsonl",
        recipe="demo_vision_single" if single else "demo_vision",
        reward="empirical_entropy",
        made=made,
    )
