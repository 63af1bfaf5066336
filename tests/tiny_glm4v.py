"""A GLM-4.1V at its smallest, with the words of the tiny Qwen2.5-VL. An image of 56 by 56 pixels is four tokens."""

import sys
from pathlib import Path

from tiny_vision_model import WORDS

from ttrl_verl.demo.tiny_qwen import SIDE, text_settings, word_tokenizer

NAMED = {"image_token": "<|image|>", "video_token": "<|video|>"}
ENDS = ["<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>"]
SPECIALS = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|unk|>", *NAMED.values(), *ENDS]
TEMPLATE = (
    "{% for m in messages %}<|im_start|> {{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<|begin_of_image|><|image|><|end_of_image|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %} <|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|> assistant\n{% endif %}"
)


def build(folder: Path) -> None:
    """Write a model with random weights and its processor into a folder."""
    import torch
    from transformers import (
        Glm4vConfig,
        Glm4vForConditionalGeneration,
        Glm4vImageProcessor,
        Glm4vProcessor,
        Glm4vVideoProcessor,
    )

    torch.manual_seed(0)
    tokenizer = word_tokenizer(WORDS, SPECIALS, TEMPLATE, NAMED)
    token = tokenizer.convert_tokens_to_ids
    pixels = {"shortest_edge": SIDE * SIDE, "longest_edge": 4 * SIDE * SIDE}
    patches = {"patch_size": 14, "temporal_patch_size": 2, "merge_size": 2, "size": pixels}
    Glm4vProcessor(
        image_processor=Glm4vImageProcessor(**patches),
        tokenizer=tokenizer,
        video_processor=Glm4vVideoProcessor(**patches),
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    text = text_settings(tokenizer, 64) | {"head_dim": 32}
    # Half of a head's dimensions turn with the position, and they are shared out between time, height and width.
    text["rope_parameters"] |= {"partial_rotary_factor": 0.5, "mrope_section": [2, 3, 3]}
    vision = {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_heads": 2,
        "out_hidden_size": 64,
        "image_size": 2 * SIDE,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    names = ("image", "video", "begin_of_image", "end_of_image", "begin_of_video", "end_of_video")
    keys = ("image", "video", "image_start", "image_end", "video_start", "video_end")
    config = Glm4vConfig(
        text_config=text,
        vision_config=vision,
        tie_word_embeddings=True,
        **{f"{key}_token_id": token(f"<|{name}|>") for key, name in zip(keys, names, strict=True)},
        **{key: text[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")},
    )
    Glm4vForConditionalGeneration(config).save_pretrained(folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
