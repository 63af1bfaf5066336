"""A Qwen2.5-VL with a vocabulary of words, made by code: verl, vLLM and transformers load it like any other.

An image of 56 by 56 pixels is four tokens. The image and chat tokens are special ones: verl's agent loop decodes a
prompt without them and asks the processor again. The model's vocabulary is the tokenizer's, to the word: verl masks
what is past it in vLLM alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SIDE = 56
"""The side of the smallest image, in pixels: two by two tokens."""

SPECIALS = [
    "<|pad|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<|unk|>",
]
ROLES = ["system", "user", "assistant"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|> {{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %} <|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|> assistant\n{% endif %}"
)


def build(folder: Path, words: Sequence[str], *, hidden: int = 64, seed: int = 0) -> None:
    """Write a model with random weights and its processor into a folder.

    Args:
        folder: made where it is not there.
        words: the vocabulary beside the special tokens and the roles, without blanks in them.
        hidden: the width of the language model; the vision tower is 64 wide.
        seed: of the weights.
    """
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(seed)
    tokenizer = word_tokenizer(words)
    _processor(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    Qwen2_5_VLForConditionalGeneration(_config(tokenizer, hidden)).save_pretrained(folder)


def word_tokenizer(
    words: Sequence[str],
    specials: Sequence[str] = SPECIALS,
    template: str = TEMPLATE,
    named: Mapping[str, str] | None = None,
):
    """Return a tokenizer whose tokens are words, with Qwen's special tokens and a template in their manner.

    Args:
        words: the vocabulary beside the special tokens and the roles, without blanks in them.
        specials: the special tokens; ``<|pad|>``, ``<|im_end|>`` and ``<|unk|>`` are among them.
        template: the chat template.
        named: of the special tokens, those that a processor asks for by a name: the name and the token.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*specials, "\n", *ROLES, *words]))}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="<|unk|>"))
    # Words, and each end of a line: verl's builder of Qwen prompts wants that to be one token.
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", behavior="isolated"), pre_tokenizers.Split(" ", behavior="removed")]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        unk_token="<|unk|>",
        **_extra_special_tokens(specials, named or {}),
    )
    tokenizer.chat_template = template
    return tokenizer


def _extra_special_tokens(specials: Sequence[str], named: Mapping[str, str]) -> dict[str, Any]:
    rest = [token for token in specials if token not in ("<|im_end|>", "<|pad|>", "<|unk|>", *named.values())]
    # transformers keeps these two apart: a list of tokens, or names and tokens.
    if not named:
        return {"additional_special_tokens": rest}
    return {"extra_special_tokens": {**named, **{f"special_{n}": token for n, token in enumerate(rest)}}}


def _processor(tokenizer):
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    # Few pixels at most: vLLM tries the largest image that may come.
    pixels = {"min_pixels": SIDE * SIDE, "max_pixels": 4 * SIDE * SIDE}
    patches = {"patch_size": 14, "temporal_patch_size": 2, "merge_size": 2}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**patches, **pixels),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**patches, **pixels),
        chat_template=TEMPLATE,
    )


def text_settings(tokenizer, hidden: int) -> dict[str, Any]:
    """Return the settings of a language model of two layers, whose heads have 32 dimensions."""
    token = tokenizer.convert_tokens_to_ids
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": 2,
        "num_attention_heads": hidden // 32,
        "num_key_value_heads": hidden // 64,
        "max_position_embeddings": 512,
        # Half of the 32 dimensions of a head, shared out between time, height and width.
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]},
        "bos_token_id": None,
        "eos_token_id": token("<|im_end|>"),
        "pad_token_id": token("<|pad|>"),
        "tie_word_embeddings": True,
    }


def token_settings(tokenizer) -> dict[str, Any]:
    """Return which tokens stand for images and videos, and which end and pad a text."""
    token = tokenizer.convert_tokens_to_ids
    return {
        "image_token_id": token("<|image_pad|>"),
        "video_token_id": token("<|video_pad|>"),
        "vision_start_token_id": token("<|vision_start|>"),
        "vision_end_token_id": token("<|vision_end|>"),
        "bos_token_id": None,
        "eos_token_id": token("<|im_end|>"),
        "pad_token_id": token("<|pad|>"),
        "tie_word_embeddings": True,
    }


def _config(tokenizer, hidden: int):
    from transformers import Qwen2_5_VLConfig

    vision = {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_heads": 2,
        "out_hidden_size": hidden,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 112,
        "fullatt_block_indexes": [1],
    }
    return Qwen2_5_VLConfig(
        text_config=text_settings(tokenizer, hidden), vision_config=vision, **token_settings(tokenizer)
    )
