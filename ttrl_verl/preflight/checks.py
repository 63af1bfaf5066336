"""What `ttrl-verl check RECIPE` looks at, one generator a topic, each yielding findings."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc
from hydra.errors import HydraException

from ttrl_verl.composition.catalogue import prepare_command
from ttrl_verl.composition.recipe import Composed, compose_parts, plain
from ttrl_verl.config import TTRLConfig
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.batches import (
    Batches,
    batches,
    problems,
    separate_async_problems,
    skipped_questions,
    total_steps,
)
from ttrl_verl.preflight.batches import visits as visits_of
from ttrl_verl.preflight.memory import FORMULA, Estimate, estimate, setup
from ttrl_verl.preflight.model import gpu_memory, has_chat_template, model_folder, model_shape
from ttrl_verl.preflight.own_functions import own_functions
from ttrl_verl.preflight.settings import check_config, check_suffix
from ttrl_verl.questions.read import as_list, read_questions

State = Literal["ok", "note", "warn", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check.

    Attributes:
        state: ``wrong`` would stop a run; ``warn`` may be meant; ``note`` could not be looked at.
        what: the topic.
        said: what was found.
    """

    state: State
    what: str
    said: str


def check_recipe(recipe: str, overrides: Sequence[str] = ()) -> list[Finding]:
    """Return what can be found out about a recipe without importing verl.

    Raises:
        InputError: the recipe does not compose, or a key, a type or a value of it is not what is expected.
    """
    composed = compose_parts(recipe, overrides)
    ttrl = check_config(composed.config)
    values = plain(composed.config)
    parts = ", ".join(f"{group} {option}" for group, option in composed.parts.items())
    found = [Finding("ok", "recipe", f"{recipe} composes, its keys and types are known{': ' if parts else ''}{parts}")]
    reward = values["reward"]["reward_manager"]["name"]
    found += [Finding("ok", own.what, own.said) for own in own_functions(ttrl, reward)]
    numbers = batches(values)
    found += check_batches(values, numbers)
    found += check_files(recipe, values, ttrl, numbers)
    found += check_model(values)
    found += check_memory(composed, values)
    return found


def check_batches(values: Mapping[str, Any], numbers: Batches) -> Iterator[Finding]:
    """Yield what does not fit in the batch arithmetic, or one line of it where all does."""
    found = [*problems(numbers), *separate_async_problems(values)]
    yield from (Finding("wrong", "batches", problem) for problem in found)
    if not found:
        n = numbers
        yield Finding(
            "ok",
            "batches",
            f"{n.train} questions x {n.votes} votes, {n.kept} kept, {n.mini} x {n.kept} a mini-batch, {n.gpus} workers",
        )


def check_files(recipe: str, values: Mapping[str, Any], ttrl: TTRLConfig, numbers: Batches) -> Iterator[Finding]:
    """Yield whether the question files can be read, what an epoch skips, and whether validation has labels."""
    data, trainer = values["data"], values["trainer"]
    layout = ttrl.layout(data["prompt_key"])
    train, val = as_list(data["train_files"]), as_list(data["val_files"])
    if not train:
        yield Finding("note", "data", "to set: data=FILE")
        return
    rows: dict[str, int] = {}
    labels: dict[str, int] = {}
    for path in dict.fromkeys([*train, *val]):
        command = prepare_command(recipe)
        if command and not Path(path).expanduser().exists():
            yield Finding("note", "data", f"{path} is not there yet; `{command}` writes it")
            continue
        try:
            table = read_questions(os.path.expanduser(path), layout)
            check_suffix(table, ttrl.prompt_suffix)
        except InputError as error:
            yield Finding("wrong", "data", str(error))
            continue
        rows[path] = table.num_rows
        labels[path] = table.num_rows - pc.sum(pc.is_null(table.column("label"))).as_py()
        yield Finding("ok", "data", f"{path}: {rows[path]} questions, {labels[path]} of them with a label")
    if all(path in rows for path in train):
        yield from _epochs(sum(rows[path] for path in train), numbers)
    validates = trainer["test_freq"] > 0 or trainer["val_before_train"]
    for path in val:
        if validates and labels.get(path) == 0:
            yield Finding("warn", "labels", f"{path}: has no label: validation has no accuracy (ttrl.label_key)")


def _epochs(questions: int, numbers: Batches) -> Iterator[Finding]:
    if questions < numbers.train:
        said = f"{questions} questions; expected at least data.train_batch_size, {numbers.train}"
        yield Finding("wrong", "data", said)
        return
    if skipped := skipped_questions(questions, numbers.fetch):
        yield Finding(
            "warn",
            "epochs",
            f"{skipped} of {questions} questions are skipped every epoch: data.gen_batch_size is {numbers.fetch}, and "
            "what does not fill it is dropped; data.gen_batch_size=1 skips none",
        )
    steps, visits = total_steps(questions, numbers), visits_of(questions, numbers)
    yield Finding("ok", "epochs", f"{steps} steps, each question visited {visits:.3g} times")


def check_model(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether the model is on this machine and has a chat template."""
    model = values["actor_rollout_ref"]["model"]
    name = model["tokenizer_path"] or model["path"]
    if name is None:
        yield Finding("note", "model", "to set: model=FOLDER or model=ORGANISATION/NAME")
        return
    folder = model_folder(name)
    if folder is None and (name.startswith(("/", "./", "../", "~")) or name.count("/") != 1):
        yield Finding("wrong", "model", f"{name}: no such folder")
    elif folder is None:
        yield Finding("note", "model", f"{name} is not on this machine yet; its chat template was not looked at")
    elif not model["custom_chat_template"] and not has_chat_template(folder):
        yield Finding("wrong", "model", f"{name}: has no chat template (actor_rollout_ref.model.custom_chat_template)")
    else:
        yield Finding("ok", "model", f"{name} has a chat template")


def check_memory(composed: Composed, values: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the estimate of a GPU's memory and of a step's tokens."""
    needed = memory_of(composed, values)
    if needed is None:
        yield Finding("note", "memory", "not estimated: no GPU's size, or not the model's shape, is known")
        return
    size = gpu_memory(composed.parts)
    yield Finding(
        "ok" if needed.fits else "warn",
        "memory",
        f"about {needed.training:.0f} GB to train and {needed.rollout:.0f} GB to generate, of {size:.0f} GB a GPU; "
        f"room for {needed.kv_responses} responses of full length at once (--formula says how)",
    )
    yield Finding(
        "ok",
        "tokens",
        f"at most {needed.sampled_tokens:,} sampled and {needed.trained_tokens:,} trained on in a step",
    )


def memory_of(composed: Composed, values: Mapping[str, Any]) -> Estimate | None:
    """Return the estimate, or ``None`` where the GPU's size or the model's shape is not known."""
    size = gpu_memory(composed.parts)
    name = values["actor_rollout_ref"]["model"]["path"]
    shape = model_shape(name, composed.parts) if name is not None else None
    return None if size is None or shape is None else estimate(shape, setup(values, size))


def formula(composed: Composed) -> str:
    """Return the estimate's formula, with this run's terms in GB below it."""
    needed = memory_of(composed, plain(composed.config))
    if needed is None:
        return FORMULA
    terms = {name: value for name, value in asdict(needed).items() if isinstance(value, float)}
    return FORMULA + "\n" + ", ".join(f"{name} {value:.1f}" for name, value in terms.items()) + " GB"


def check_with_verl(recipe: str, overrides: Sequence[str] = ()) -> Finding:
    """Return what verl's own ``validate_config`` says. It imports verl: tens of seconds."""
    import contextlib
    import io
    import warnings

    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    config = compose_parts(recipe, overrides).config
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no critic without gae
            validate_config(
                config=config,
                use_reference_policy=need_reference_policy(config),
                use_critic=need_critic(config),
            )
    except HydraException as error:
        causes = list(_causes(error))
        if any(isinstance(cause, OSError) for cause in causes):  # with a critic, verl opens the model here
            return Finding("note", "verl", "validate_config opens the critic's model, which is not on this machine yet")
        return Finding("wrong", "verl", f"validate_config: {' '.join(str(causes[-1]).split())}")
    except (AssertionError, ValueError, TypeError, KeyError, AttributeError) as error:
        return Finding("wrong", "verl", f"validate_config: {' '.join(str(error).split()) or type(error).__name__}")
    return Finding("ok", "verl", "its own validate_config has no objection")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was raised from: Hydra wraps those of the classes that it builds."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
