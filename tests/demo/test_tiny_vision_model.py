"""The tiny vision model, as transformers alone loads it."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(tiny_vision_model):
    from transformers import AutoModelForImageTextToText, AutoProcessor

    return AutoModelForImageTextToText.from_pretrained(tiny_vision_model), AutoProcessor.from_pretrained(
        tiny_vision_model
    )


def logits_of(loaded, image):
    import torch

    model, processor = loaded
    content = [{"type": "image", "image": image}, {"type": "text", "text": "\nWhich of these? A. 0 B. 1"}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(text=[text], images=[image], return_tensors="pt")
    with torch.no_grad():
        return inputs, model(**inputs).logits[0, -1]


def test_an_image_of_56_pixels_is_four_tokens_and_decodes_to_none(loaded):
    inputs, _ = logits_of(loaded, Image.new("RGB", (56, 56)))
    tokenizer = loaded[1].tokenizer
    # 56 / 14 / 2 = 2 by 2
    assert inputs["input_ids"][0].tolist().count(tokenizer.convert_tokens_to_ids("<|image_pad|>")) == 4
    assert inputs["image_grid_thw"].tolist() == [[1, 4, 4]]
    text = tokenizer.decode(inputs["input_ids"][0], skip_special_tokens=True)
    assert " ".join(text.split()) == "user Which of A. 0 B. 1 assistant"  # `these?` is no word of its vocabulary


def test_the_image_matters(loaded):
    dark, light = Image.new("RGB", (56, 56), "black"), Image.new("RGB", (56, 56), "white")
    first, again, other = (logits_of(loaded, image)[1].numpy() for image in (dark, dark, light))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4


def test_the_vocabularies_agree(loaded):
    model, processor = loaded
    assert model.config.text_config.vocab_size == len(processor.tokenizer)
