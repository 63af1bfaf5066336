"""How long prompts are, in tokens; those with images through the model's own processor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ttrl_verl.errors import InputError
from ttrl_verl.printable import one_line
from ttrl_verl.questions.image_file import image_size, open_image
from ttrl_verl.questions.images import chat_messages
from ttrl_verl.questions.processors import how_to_shrink, patch_size

_CHUNK = 1000
_IMAGE_CHUNK = 100  # rows whose images are in memory at once


class Tokenizer(Protocol):
    """What is asked of a tokenizer here; any Hugging Face tokenizer fits."""

    def apply_chat_template(self, conversation: list[dict], **kwargs: Any) -> Any:
        """Return the token ids of a conversation."""


def with_images(table: pa.Table) -> pa.Table:
    """Return the questions of a table that have images."""
    return table.filter(pc.is_valid(table.column("images")))


def check_lengths(table: pa.Table, tokenizer: Tokenizer, max_prompt_length: int, **template: Any) -> None:
    """Check that every prompt fits.

    A prompt has at most as many tokens as bytes, plus those of the template around it, so only prompts that come near
    the limit are tokenised.

    Raises:
        InputError: a prompt is longer than ``max_prompt_length`` tokens. The message names its file and line.
    """
    overhead: dict[tuple[str, ...], int] = {}
    for batch in table.select(["prompt", "origin"]).to_batches(max_chunksize=_CHUNK):
        for row in batch.to_pylist():
            roles = tuple(message["role"] for message in row["prompt"])
            if roles not in overhead:
                empty = [{"role": role, "content": ""} for role in roles]
                overhead[roles] = _token_count(tokenizer, empty, template)
            size = sum(len(message["content"].encode()) for message in row["prompt"])
            if size + overhead[roles] <= max_prompt_length:
                continue
            tokens = _token_count(tokenizer, row["prompt"], template)
            if tokens > max_prompt_length:
                raise InputError(
                    f"{row['origin']}: the prompt has {tokens} tokens; expected at most {max_prompt_length} "
                    "(data.max_prompt_length; data.filter_overlong_prompts=true leaves such rows out)"
                )


def _token_count(tokenizer: Tokenizer, messages: list[dict], template: Mapping[str, Any]) -> int:
    ids = _templated(tokenizer, messages, tokenize=True, **template)
    return len(ids["input_ids"]) if isinstance(ids, Mapping) else len(ids)


@dataclass(frozen=True, slots=True)
class ImageCost:
    """What the images of prompts take, in tokens.

    Attributes:
        fewest, most: that the images of a prompt take, over the prompts with images.
        longest: the longest prompt with images, words and all.
    """

    fewest: int
    most: int
    longest: int


def check_prompts(
    table: pa.Table,
    tokenizer: Any,
    processor: Any,
    max_prompt_length: int,
    *,
    processor_settings: Mapping[str, Any] | None = None,
    **template: Any,
) -> ImageCost | None:
    """Check that every prompt fits, its images counted as the model's processor counts them.

    How many tokens an image takes depends on its size alone, so each size goes through the processor once, blank.

    Args:
        table: questions, with the columns of ``questions.SCHEMA``.
        tokenizer: the model's.
        processor: the model's, or ``None`` where it has none.
        max_prompt_length: tokens.
        processor_settings: ``data.mm_processor_kwargs``, which trainer and rollout hand to the processor.
        template: arguments of the chat template.

    Returns:
        What the images take, or ``None`` where no prompt has one.

    Raises:
        InputError: a prompt is too long; or it has images, and there is no processor, or the processor cannot take it.
            The message names file and line.
    """
    seen = table.select(["prompt", "images", "origin"])
    check_lengths(seen.filter(pc.is_null(seen.column("images"))), tokenizer, max_prompt_length, **template)
    pictured = with_images(seen)
    if not pictured.num_rows:
        return None
    if processor is None:
        raise InputError(
            f"{pictured.column('origin')[0]}: has images, and verl finds no processor for them in the model "
            "(actor_rollout_ref.model.path)"
        )
    counter = _Counter(processor, processor_settings or {}, template)
    of_images, lengths = [], []
    for batch in pictured.to_batches(max_chunksize=_IMAGE_CHUNK):
        for row in batch.to_pylist():
            tokens, images = counter.tokens(row)
            if tokens > max_prompt_length:
                raise InputError(
                    f"{row['origin']}: the prompt has {tokens} tokens, {images} of them of its images; expected at "
                    f"most {max_prompt_length} (data.max_prompt_length; {how_to_shrink(processor)})"
                )
            of_images.append(images)
            lengths.append(tokens)
    return ImageCost(min(of_images), max(of_images), max(lengths))


def check_images(table: pa.Table) -> None:
    """Open every image of a table once.

    Raises:
        InputError: one cannot be opened. The message names file and line, and the image.
    """
    for batch in with_images(table.select(["images", "origin"])).to_batches(max_chunksize=_IMAGE_CHUNK):
        for row in batch.to_pylist():
            for image in row["images"]:
                try:
                    open_image(_source(image))
                except InputError as error:
                    raise InputError(f"{row['origin']}: {error}") from error


def render(row: Mapping[str, Any], processor: Any, template: Mapping[str, Any]) -> str:
    """Return a question as the model's chat template puts it; each image is one placeholder, as the template has it."""
    messages = chat_messages(row["prompt"], row["images"])
    return _templated(processor, messages, tokenize=False, **template)


def _templated(of: Any, messages: list[dict], **options: Any) -> Any:
    """Return a conversation as the model's own chat template puts it.

    Raises:
        InputError: the template fails, or refuses the conversation: some take no system message.
    """
    try:
        return of.apply_chat_template(messages, add_generation_prompt=True, **options)
    except Exception as error:  # a template is a program that came with the model
        roles = ", ".join(message["role"] for message in messages)
        said = one_line(f"{type(error).__name__} {' '.join(str(error).split())}", 300)
        raise InputError(f"the model's chat template does not take a chat of {roles}: {said}") from error


class _Counter:
    """Counts the tokens of prompts with images."""

    def __init__(self, processor: Any, settings: Mapping[str, Any], template: Mapping[str, Any]) -> None:
        self._processor = processor
        self._settings = settings
        self._template = template
        # By the images' sizes and limits: the tokens beyond those of the text, and those that stand for images.
        self._added: dict[tuple, tuple[int, int]] = {}

    def tokens(self, row: Mapping[str, Any]) -> tuple[int, int]:
        """Return how many tokens a prompt has, and how many of them its images take."""
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
            ids = self._with_images(row, text, shapes)
            token = self._processor.tokenizer.convert_tokens_to_ids(self._processor.image_token)
            self._added[shapes] = len(ids) - words, ids.count(token)
        beyond, of_images = self._added[shapes]
        return words + beyond, of_images

    def _with_images(self, row: Mapping[str, Any], text: str, shapes: Sequence[tuple]) -> list[int]:
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
            images, _ = process_vision_info(messages, image_patch_size=patch_size(self._processor))
            return list(self._processor(text=[text], images=images, **self._settings)["input_ids"][0])
        except (ValueError, TypeError, KeyError, AssertionError) as error:
            said = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(f"{row['origin']}: the model's processor does not take it: {said}") from error


def _source(image: Mapping[str, Any]) -> str | bytes:
    return image["path"] if image["bytes"] is None else image["bytes"]
