"""An InternVL of transformers' own classes with a vocabulary of words, made by code: a ``-hf`` checkpoint in the small.

A tile is 56 by 56 pixels, four tokens. A picture that is one tile is cut no further; others become up to four tiles,
and a thumbnail of the whole. The words, the roles and the end of a line are those of ``tiny_qwen``.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ttrl_verl.demo.tiny_qwen import SIDE, text_settings, word_tokenizer

_PATCH = 14
_TOKENS = (SIDE // _PATCH // 2) ** 2
_TILES = 4

NAMED = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}
SPECIALS = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|unk|>", *NAMED.values()]
# As the -hf checkpoints have it: the context token once for an image, which the processor spreads.
TEMPLATE = (
    "{% for m in messages %}<|im_start|> {{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<IMG_CONTEXT>\n"
    "{% elif part['type'] == 'video' %}<video>\n"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %} <|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|> assistant\n{% endif %}"
)


def build(
    folder: Path, words: Sequence[str], *, hidden: int = 64, seed: int = 0, tied: bool = True, text: str = "qwen2"
) -> None:
    """Write a model with random weights and its processor into a folder.

    Args:
        folder: made where it is not there.
        words: the vocabulary beside the special tokens and the roles, without blanks in them.
        hidden: the width of the language model; the vision tower is 64 wide.
        seed: of the weights.
        tied: whether the head is the embedding. With a head of its own ``config.json`` is as transformers 4 wrote the
            published ones: the key stands in ``text_config`` alone, and positions are scaled beyond the trained ones.
        text: ``qwen2`` as in InternVL 2.5 and 3, ``qwen3`` as in 3.5.
    """
    import torch
    from transformers import InternVLForConditionalGeneration

    torch.manual_seed(seed)
    tokenizer = word_tokenizer(words, SPECIALS, TEMPLATE, NAMED)
    _processor(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    InternVLForConditionalGeneration(_config(tokenizer, hidden, tied, text)).save_pretrained(folder)
    if not tied:
        file = folder / "config.json"
        settings = json.loads(file.read_text())
        del settings["tie_word_embeddings"]
        file.write_text(json.dumps(settings, indent=2))


def _processor(tokenizer):
    from transformers import GotOcr2ImageProcessor, InternVLProcessor, InternVLVideoProcessor

    size = {"height": SIDE, "width": SIDE}
    return InternVLProcessor(
        # `false` is what the -hf checkpoints' files say as well; the processor's own default cuts all the same.
        image_processor=GotOcr2ImageProcessor(size=size, crop_to_patches=False, min_patches=1, max_patches=_TILES),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=_TOKENS,
        chat_template=TEMPLATE,
    )


def _config(tokenizer, hidden: int, tied: bool, text: str):
    from transformers import InternVLConfig

    language: dict[str, Any] = text_settings(tokenizer, hidden) | {"model_type": text, "tie_word_embeddings": tied}
    language["rope_parameters"] = {"rope_type": "default", "rope_theta": 10000.0}  # positions have one number
    if not tied:
        language["rope_parameters"] |= {"rope_type": "dynamic", "factor": 2.0}
    if text == "qwen3":
        language["head_dim"] = 32
    vision = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "attention_bias": True,  # as in InternViT-300M
        "image_size": [SIDE, SIDE],
        "patch_size": [_PATCH, _PATCH],
    }
    ends = {key: language[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    return InternVLConfig(
        text_config=language,
        vision_config=vision,
        image_token_id=tokenizer.convert_tokens_to_ids(NAMED["context_image_token"]),
        image_seq_length=_TOKENS,
        downsample_ratio=0.5,
        tie_word_embeddings=tied,
        **ends,
    )
