"""The patch that gives vLLM an image's placeholder as it was asked, with the tiny models."""

import pytest
from PIL import Image

pytestmark = pytest.mark.verl

QUESTION = "Which of these does the picture show? A. or B."


@pytest.fixture(scope="module")
def internvl(tiny_internvl):
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(tiny_internvl)


def prompts(processor, *sizes):
    """Return the token ids of a question about images of these sizes: as the template has them, and spread."""
    content = [*({"type": "image"} for _ in sizes), {"type": "text", "text": QUESTION}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    asked = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
    images = [Image.new("RGB", size) for size in sizes]
    return asked, processor(text=[text], images=images or None)["input_ids"][0]


@pytest.mark.parametrize(
    ("sizes", "tokens"),
    [([(56, 56)], 4), ([(112, 56)], 12), ([(112, 112), (56, 56)], 20 + 4), ([], 0)],
)
def test_what_the_processor_spread_is_as_the_template_had_it(internvl, sizes, tokens):
    from verl.workers.rollout.utils import qwen2_5_vl_dedup_image_tokens

    asked, spread = prompts(internvl, *sizes)
    assert spread.count(internvl.image_token_id) == tokens
    assert asked.count(internvl.image_token_id) == len(sizes)
    assert qwen2_5_vl_dedup_image_tokens(spread, internvl) == asked


@pytest.mark.parametrize("images", [1, 2, 0])
def test_a_prompt_of_glm_is_as_the_template_had_it_though_verl_knows_it(images, tiny_glm4v):
    from transformers import AutoProcessor
    from verl.workers.rollout.utils import qwen2_5_vl_dedup_image_tokens

    processor = AutoProcessor.from_pretrained(tiny_glm4v)
    asked, spread = prompts(processor, *[(56, 56)] * images)
    assert spread.count(processor.image_token_id) == 4 * images
    assert qwen2_5_vl_dedup_image_tokens(spread, processor) == asked
    # Should this fail, verl does it right by itself: remove it from ttrl_verl.questions.processors.
    assert list(qwen2_5_vl_dedup_image_tokens.__wrapped__(spread, processor)) == spread


def test_qwen_goes_to_verls_own(tiny_vision_model):
    from transformers import AutoProcessor
    from verl.workers.rollout.utils import qwen2_5_vl_dedup_image_tokens

    processor = AutoProcessor.from_pretrained(tiny_vision_model)
    asked, spread = prompts(processor, (56, 56), (56, 56))
    assert len(spread) == len(asked) + 6
    assert qwen2_5_vl_dedup_image_tokens(spread, processor) == asked
    assert qwen2_5_vl_dedup_image_tokens(spread, None) == spread


def test_verl_still_needs_it(internvl):
    # Should this fail, verl does it right by itself: remove ttrl_verl/patches/asked_prompt.py.
    from verl.workers.rollout.utils import qwen2_5_vl_dedup_image_tokens

    _, spread = prompts(internvl, (56, 56))
    assert list(qwen2_5_vl_dedup_image_tokens.__wrapped__(spread, internvl)) == spread


def test_vllm_still_puts_an_image_between_its_own_ends():
    # Should this fail, vLLM takes the spread prompt or another one: look at ttrl_verl.questions.processors.
    import inspect

    from vllm.model_executor.models.interns1 import InternS1MultiModalProcessor

    source = inspect.getsource(InternS1MultiModalProcessor._get_prompt_updates)
    assert "repl_full = start_image_token + repl_features + end_image_token" in source
    assert "target=img_context_token" in source


def test_vllm_still_spreads_each_image_token_of_glm():
    import inspect

    from vllm.model_executor.models.glm4_1v import Glm4vMultiModalProcessor

    source = inspect.getsource(Glm4vMultiModalProcessor._get_prompt_updates)
    assert "return [hf_processor.image_token_id] * num_tokens" in source
    assert "target=hf_processor.image_token," in source


def test_its_caller_has_it():
    from verl.workers.rollout import utils
    from verl.workers.rollout.vllm_rollout import vllm_async_server

    ours = utils.qwen2_5_vl_dedup_image_tokens
    assert vllm_async_server.qwen2_5_vl_dedup_image_tokens is ours
    assert hasattr(ours, "__wrapped__")
