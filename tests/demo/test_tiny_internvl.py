"""The tiny InternVL, as transformers alone loads it."""

import json

import pytest
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(tiny_internvl):
    from transformers import AutoModelForImageTextToText, AutoProcessor

    return AutoModelForImageTextToText.from_pretrained(tiny_internvl), AutoProcessor.from_pretrained(tiny_internvl)


def inputs_of(processor, image, **kwargs):
    content = [{"type": "image"}, {"type": "text", "text": "Which of these does the picture show? A. or B."}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return processor(text=[text], images=[image], return_tensors="pt", **kwargs)


@pytest.mark.parametrize(
    ("size", "kwargs", "tiles"),
    [
        ((56, 56), {}, 1),
        ((112, 56), {}, 3),  # two tiles and the thumbnail, though the processor's file says not to cut
        ((112, 112), {}, 5),
        ((112, 112), {"max_patches": 2}, 1),
        ((112, 56), {"crop_to_patches": False}, 1),
    ],
)
def test_a_tile_of_56_pixels_is_four_tokens(loaded, size, kwargs, tiles):
    model, processor = loaded
    inputs = inputs_of(processor, Image.new("RGB", size), **kwargs)
    assert inputs["pixel_values"].shape == (tiles, 3, 56, 56)
    assert inputs["input_ids"][0].tolist().count(model.config.image_token_id) == 4 * tiles


def test_the_image_matters(loaded):
    import torch

    model, processor = loaded
    with torch.no_grad():
        dark, again, light = (
            model(**inputs_of(processor, Image.new("RGB", (56, 56), colour))).logits[0, -1]
            for colour in ("black", "black", "white")
        )
    assert torch.equal(dark, again)
    assert (dark - light).abs().max() > 1e-4


def test_the_vocabularies_agree(loaded):
    model, processor = loaded
    assert model.config.text_config.vocab_size == len(processor.tokenizer)


def test_a_head_of_its_own_is_told_in_the_text_part_alone(tiny_internvl_untied):
    from safetensors import safe_open

    config = json.loads((tiny_internvl_untied / "config.json").read_text())
    assert "tie_word_embeddings" not in config
    assert config["text_config"]["tie_word_embeddings"] is False
    assert config["text_config"]["rope_parameters"]["rope_type"] == "dynamic"
    with safe_open(tiny_internvl_untied / "model.safetensors", "pt") as weights:
        assert any(name.endswith("lm_head.weight") for name in weights.keys())  # noqa: SIM118 - not a dictionary
