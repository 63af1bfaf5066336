"""The patch that makes the trainer's pixels from the images alone, with the tiny InternVL and verl's own worker."""

import pytest
from PIL import Image

pytestmark = pytest.mark.verl


@pytest.fixture
def worker(tiny_internvl):
    """Build an agent loop's worker with what the method reads of it, without the servers of a run."""
    from verl.experimental.agent_loop.agent_loop import AgentLoopWorker
    from verl.utils.tokenizer import hf_processor

    worker = AgentLoopWorker.__new__(AgentLoopWorker)
    worker.processor = hf_processor(str(tiny_internvl))
    worker.tokenizer = worker.processor.tokenizer
    worker.mm_processor_kwargs = {}
    return worker


def asked(worker, images, own=None, response=()):
    """Return what a run gives to the method: an agent loop's output, and the ids of prompt and response."""
    import torch
    from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics, AgentLoopOutput

    text = f"<|im_start|> user\n{worker.processor.image_token * len(images)} show? <|im_end|>\n"
    kwargs = own if own is not None else worker.mm_processor_kwargs
    ids = worker.processor(text=[text], images=images or None, **kwargs)["input_ids"][0]
    output = AgentLoopOutput(
        prompt_ids=ids,
        response_ids=list(response),
        response_mask=[1] * len(response),
        multi_modal_data={"images": images} if images else {},
        mm_processor_kwargs=own,
        metrics=AgentLoopMetrics(),
    )
    return output, torch.tensor([[*ids, *response]])


@pytest.mark.parametrize(
    ("sizes", "tiles"),
    [([(56, 56)], 1), ([(112, 56)], 3), ([(56, 56), (112, 112)], 1 + 5)],  # cut ones have a thumbnail as well
)
def test_pixels_are_the_processors_own(worker, sizes, tiles):
    import torch

    images = [Image.effect_noise(size, 90).convert("RGB") for size in sizes]
    made = worker._compute_multi_modal_inputs(*asked(worker, images, response=[30, 31]))
    assert list(made) == ["pixel_values"]
    assert made["pixel_values"].shape == (tiles, 3, 56, 56)
    alone = worker.processor.image_processor(images, crop_to_patches=True, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(made["pixel_values"], alone, rtol=0, atol=0)


@pytest.mark.parametrize("where", ["run", "row"])
def test_a_limit_of_tiles_counts(worker, where):
    off = {"crop_to_patches": False}
    if where == "run":
        worker.mm_processor_kwargs = off
    made = worker._compute_multi_modal_inputs(
        *asked(worker, [Image.new("RGB", (112, 56))], own=off if where == "row" else None)
    )
    assert made["pixel_values"].shape == (1, 3, 56, 56)


def test_a_question_of_words_has_none(worker):
    assert worker._compute_multi_modal_inputs(*asked(worker, [])) == {}


def test_images_and_tokens_that_do_not_agree_are_told(worker):
    output, ids = asked(worker, [Image.new("RGB", (112, 56))])
    worker.mm_processor_kwargs = {"crop_to_patches": False}
    with pytest.raises(ValueError, match="the prompt has 12 image tokens, and its images make 4"):
        worker._compute_multi_modal_inputs(output, ids)


def test_qwen_goes_to_verls_own(worker, tiny_vision_model):
    import torch
    from verl.utils.tokenizer import hf_processor

    worker.processor = hf_processor(str(tiny_vision_model))
    worker.tokenizer = worker.processor.tokenizer
    output, ids = asked(worker, [Image.new("RGB", (56, 56))])
    ours, theirs = (
        make(worker, output, ids)
        for make in (type(worker)._compute_multi_modal_inputs, type(worker)._compute_multi_modal_inputs.__wrapped__)
    )
    assert set(ours) == set(theirs) >= {"pixel_values", "image_grid_thw"}
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_verl_still_needs_it(worker):
    # Should this fail, verl does it right by itself: remove ttrl_verl/patches/pixels.py.
    output, ids = asked(worker, [Image.new("RGB", (56, 56))])
    with pytest.raises(ValueError, match="does not match the number of images"):
        type(worker)._compute_multi_modal_inputs.__wrapped__(worker, output, ids)


def test_a_class_that_ray_pickles_by_value_keeps_it():
    # As AgentLoopWorkerTQ, which is an actor; wrapt's wrapper becomes the function inside it here.
    import cloudpickle
    from verl.experimental.agent_loop.agent_loop import AgentLoopWorker

    class ByValue(AgentLoopWorker):
        _own = AgentLoopWorker._compute_multi_modal_inputs

    again = cloudpickle.loads(cloudpickle.dumps(ByValue))
    assert hasattr(again._own, "__wrapped__")
    assert hasattr(again._compute_multi_modal_inputs, "__wrapped__")
