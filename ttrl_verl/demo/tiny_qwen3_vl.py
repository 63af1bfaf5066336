"""A Qwen3-VL with a vocabulary of words, made by code. An image of 64 by 64 pixels is four tokens.

The words, the roles and the template are those of ``tiny_qwen``.
"""

from collections.abc import Sequence
from pathlib import Path

from ttrl_verl.demo.tiny_qwen import TEMPLATE, text_settings, token_settings, word_tokenizer

SIDE = 64


def build(folder: Path, words: Sequence[str], *, hidden: int = 64, seed: int = 0) -> None:
    """Write a model with random weights and its processor into a folder.

    Args:
        folder: made where it is not there.
        words: the vocabulary beside the special tokens and the roles, without blanks in them.
        hidden: the width of the language model; the vision tower is 64 wide.
        seed: of the weights.
    """
    import torch
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    torch.manual_seed(seed)
    tokenizer = word_tokenizer(words)
    pixels = {"shortest_edge": SIDE * SIDE, "longest_edge": 4 * SIDE * SIDE}
    patches = {"patch_size": 16, "temporal_patch_size": 2, "merge_size": 2, "size": pixels}
    Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**patches),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(**patches),
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    text = text_settings(tokenizer, hidden) | {"head_dim": 32}
    text["rope_parameters"] |= {"mrope_section": [6, 5, 5], "mrope_interleaved": True}
    vision = {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_heads": 2,
        "out_hidden_size": hidden,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    }
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **token_settings(tokenizer))
    Qwen3VLForConditionalGeneration(config).save_pretrained(folder)
