"""The first training prompt as the model sees it: what a broken chat template spoils shows here at once."""

import os
from dataclasses import dataclass

import pyarrow as pa

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.model import load_processor, load_tokenizer
from ttrl_verl.questions.prompt_lengths import ImageCost, check_images, check_prompts, render
from ttrl_verl.questions.read import SCHEMA, as_list, iter_questions


@dataclass(frozen=True, slots=True)
class FirstPrompt:
    """A prompt, and what is to be said of it.

    Attributes:
        text: through the model's own chat template; an image is the template's placeholder.
        origin: the file and line that it is from.
        images: how many.
        cost: what the images take, in tokens; ``None`` where there are none, or the prompt does not fit.
        too_long: why it does not fit, or ``None``.
    """

    text: str
    origin: str
    images: int
    cost: ImageCost | None
    too_long: str | None


def first_prompt(composed: Composed) -> FirstPrompt:
    """Return the first prompt of the training files.

    Raises:
        InputError: the model or the files are not set, cannot be read, or do not fit each other.
    """
    data, model, ttrl = composed.values["data"], composed.values["actor_rollout_ref"]["model"], composed.ttrl
    for key, value in (("actor_rollout_ref.model.path", model["path"]), ("data.train_files", data["train_files"])):
        if value is None:
            raise InputError(f"{key} is not set; add {key}=...")
    file = os.path.expanduser(as_list(data["train_files"])[0])
    row = next(iter_questions(file, ttrl.layout(data["prompt_key"], data["image_key"])))
    table = pa.Table.from_pylist([row], schema=SCHEMA)
    check_images(table)
    processor = load_processor(model) if row["images"] else None
    tokenizer = load_tokenizer(model)
    template = data["apply_chat_template_kwargs"]
    cost, too_long = None, None
    settings = data["mm_processor_kwargs"]
    try:
        cost = check_prompts(
            table, tokenizer, processor, data["max_prompt_length"], processor_settings=settings, **template
        )
    except InputError as error:  # it is shown all the same
        too_long = str(error)
    return FirstPrompt(
        render(row, processor or tokenizer, template), row["origin"], len(row["images"] or ()), cost, too_long
    )
