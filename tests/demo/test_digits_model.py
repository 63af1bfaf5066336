"""The vision demo's InternVL learns upright digits, in a quarter of the demo's steps."""

import pytest

from ttrl_verl.demo.digits import LEARNT, QUESTION, WORDS, read_digits
from ttrl_verl.demo.digits_model import _learn
from ttrl_verl.demo.tiny_internvl import build

pytestmark = pytest.mark.slow

PICTURES = 100


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """Return the share of unseen pictures, turned by some degrees, whose most likely word is right."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    folder = tmp_path_factory.mktemp("digits")
    digits = read_digits()
    build(folder, [*QUESTION.split(), *WORDS], hidden=128)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the demo does
    _learn(folder, digits, steps=80)
    torch.set_num_threads(threads)
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder)
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    expected = torch.tensor(
        processor.tokenizer.convert_tokens_to_ids([digits.word(LEARNT + index) for index in range(PICTURES)])
    )

    def share(degrees: float) -> float:
        pictures = [digits.picture(LEARNT + index, degrees) for index in range(PICTURES)]
        batch = processor(text=[prompt] * PICTURES, images=pictures, return_tensors="pt")
        with torch.no_grad():
            return (model(**batch).logits[:, -1].argmax(-1) == expected).float().mean().item()

    return share


def test_upright_digits_are_learnt_and_turned_ones_are_left_to_adapt_to(right):
    upright, turned = right(0.0), right(20.0)
    print(f"upright {upright:.2f}, turned {turned:.2f}")
    assert upright > 0.75  # a guess is right in 0.1
    assert 0.3 < turned < upright
