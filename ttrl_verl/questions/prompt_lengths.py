"""Prompts with images, through the model's own processor: how long they are, and how they read."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ttrl_verl.errors import InputError
from ttrl_verl.questions.image_file import image_size, open_image
from ttrl_verl.questions.images import chat_messages
from ttrl_verl.questions.read import check_lengths

_CHUNK = 100  # rows whose images are in memory at once

# verl's hf_processor (0.9.1, utils/tokenizer/tokenizer.py, line 181) makes no processor of another class: it warns, and
# returns None.
VERL_PROCESSORS = (
    "Qwen2VLProcessor",
    "Qwen2_5_VLProcessor",
    "Qwen3VLProcessor",
    "Glm4vProcessor",
    "Glm46VProcessor",
    "MllamaProcessor",
    "Gemma4Processor",
)


def with_images(table: pa.Table) -> pa.Table:
    """Return the questions of a table that have images."""
    return table.filter(pc.is_valid(table.column("images")))


def check_prompts(table: pa.Table, tokenizer: Any, processor: Any, max_prompt_length: int, **template: Any) -> None:
    """Check that every prompt fits, its images counted as the model's processor counts them.

    How many tokens an image takes depends on its size alone, so each size goes through the processor once, blank.

    Args:
        table: questions, with the columns of ``questions.SCHEMA``.
        tokenizer: the model's.
        processor: the model's, or ``None`` where it has none.
        max_prompt_length: tokens.
        template: arguments of the chat template.

    Raises:
        InputError: a prompt is too long; or it has images, and there is no processor, or the processor cannot take it.
            The message names file and line.
    """
    seen = table.select(["prompt", "images", "origin"])
    check_lengths(seen.filter(pc.is_null(seen.column("images"))), tokenizer, max_prompt_length, **template)
    pictured = with_images(seen)
    if not pictured.num_rows:
        return
    if processor is None:
        raise InputError(
            f"{pictured.column('origin')[0]}: has images, and verl finds no processor for them in the model "
            "(actor_rollout_ref.model.path)"
        )
    counter = _Counter(processor, template)
    for batch in pictured.to_batches(max_chunksize=_CHUNK):
        for row in batch.to_pylist():
            tokens = counter.tokens(row)
            if tokens > max_prompt_length:
                raise InputError(
                    f"{row['origin']}: the prompt has {tokens} tokens with its images; expected at most "
                    f"{max_prompt_length} (data.max_prompt_length; ttrl.max_pixels makes images smaller)"
                )


def check_images(table: pa.Table) -> None:
    """Open every image of a table once.

    Raises:
        InputError: one cannot be opened. The message names file and line, and the image.
    """
    for batch in with_images(table.select(["images", "origin"])).to_batches(max_chunksize=_CHUNK):
        for row in batch.to_pylist():
            for image in row["images"]:
                try:
                    open_image(_source(image))
                except InputError as error:
                    raise InputError(f"{row['origin']}: {error}") from error


def render(row: Mapping[str, Any], processor: Any, template: Mapping[str, Any]) -> str:
    """Return a question as the model's chat template puts it; each image is one placeholder, as the template has it."""
    messages = chat_messages(row["prompt"], row["images"])
    return processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, **template)


class _Counter:
    """Counts the tokens of prompts with images."""

    def __init__(self, processor: Any, template: Mapping[str, Any]) -> None:
        self._processor = processor
        self._template = template
        self._added: dict[tuple, int] = {}  # by the images' sizes and limits: tokens beyond those of the text

    def tokens(self, row: Mapping[str, Any]) -> int:
        where = row["origin"]
        for message in row["prompt"]:
            if self._processor.image_token in message["content"]:
                raise InputError(f"{where}: has {self._processor.image_token} in its text; expected <image>")
        try:
            shapes = tuple((*image_size(_source(i)), i["min_pixels"], i["max_pixels"]) for i in row["images"])
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        text = render(row, self._processor, self._template)
        words = len(self._processor.tokenizer(text, add_special_tokens=False)["input_ids"])
        if shapes not in self._added:
            self._added[shapes] = self._with_images(row, text, shapes) - words
        return words + self._added[shapes]

    def _with_images(self, row: Mapping[str, Any], text: str, shapes: Sequence[tuple]) -> int:
        # Seconds of imports, which a run without images does not need.
        from PIL import Image
        from qwen_vl_utils import process_vision_info

        messages = chat_messages(row["prompt"], row["images"])
        blanks = iter([Image.new("RGB", shape[:2]) for shape in shapes])
        for message in messages:
            for part in message["content"]:
                if part["type"] == "image":
                    part["image"] = next(blanks)
        try:
            images, _ = process_vision_info(messages, image_patch_size=self._processor.image_processor.patch_size)
            return len(self._processor(text=[text], images=images)["input_ids"][0])
        except (ValueError, TypeError, KeyError, AssertionError) as error:
            said = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(f"{row['origin']}: the model's processor does not take it: {said}") from error


def _source(image: Mapping[str, Any]) -> str | bytes:
    return image["path"] if image["bytes"] is None else image["bytes"]
