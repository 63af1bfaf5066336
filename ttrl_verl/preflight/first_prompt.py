"""The first training prompt as the model sees it: what a broken chat template spoils shows here at once."""

import os
from dataclasses import dataclass

import pyarrow as pa
from omegaconf import DictConfig

from ttrl_verl.composition.recipe import plain
from ttrl_verl.config import TTRLConfig
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.settings import load_processor, load_tokenizer, missing_keys
from ttrl_verl.questions.prompt_lengths import check_images, check_prompts, render
from ttrl_verl.questions.read import SCHEMA, as_list, iter_questions


@dataclass(frozen=True, slots=True)
class FirstPrompt:
    """A prompt, and what is to be said of it.

    Attributes:
        text: through the model's own chat template; an image is the template's placeholder.
        origin: the file and line that it is from.
        images: how many.
        too_long: why it does not fit, or ``None``.
    """

    text: str
    origin: str
    images: int
    too_long: str | None


def first_prompt(config: DictConfig, ttrl: TTRLConfig) -> FirstPrompt:
    """Return the first prompt of the training files.

    Raises:
        InputError: the model or the files are not set, cannot be read, or do not fit each other.
    """
    for key in missing_keys(config):
        raise InputError(f"{key} is not set; add {key}=...")
    data = plain(config.data)
    file = os.path.expanduser(as_list(data["train_files"])[0])
    row = next(iter_questions(file, ttrl.layout(data["prompt_key"], data["image_key"])))
    table = pa.Table.from_pylist([row], schema=SCHEMA)
    check_images(table)
    processor = load_processor(config.actor_rollout_ref.model) if row["images"] else None
    tokenizer = load_tokenizer(config.actor_rollout_ref.model)
    template = data["apply_chat_template_kwargs"]
    too_long = None
    try:
        check_prompts(table, tokenizer, processor, data["max_prompt_length"], **template)
    except InputError as error:  # it is shown all the same
        too_long = str(error)
    return FirstPrompt(render(row, processor or tokenizer, template), row["origin"], len(row["images"] or ()), too_long)
