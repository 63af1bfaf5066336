"""The patch of Qwen2.5-VL's text-only micro-batches, with the tiny model."""

import pytest

pytestmark = pytest.mark.verl


@pytest.fixture(scope="module")
def model(tiny_vision_model):
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(tiny_vision_model).model


@pytest.mark.rounding
def test_text_alone_is_embedded_and_reaches_the_vision_tower(model):
    import torch
    from verl.models.transformers.qwen2_vl import _get_input_embeds

    ids = torch.tensor([[9, 10, 11]])
    embedded, mask = _get_input_embeds(model, ids, torch.ones_like(ids))
    torch.testing.assert_close(embedded, model.get_input_embeddings()(ids))
    assert mask.tolist() == [[1, 1, 1]]
    # What verl wants of it: a gradient, though it is zero, for each weight of the tower.
    embedded.sum().backward()
    assert all(weight.grad is not None and not weight.grad.any() for weight in model.visual.parameters())


@pytest.mark.rounding
def test_images_go_the_same_way_as_before(model):
    import torch
    from verl.models.transformers.qwen2_vl import _get_input_embeds

    token = model.config.image_token_id
    ids = torch.tensor([[9, token, token, token, token, 10]])
    image = {"pixel_values": torch.rand(16, 3 * 2 * 14 * 14), "image_grid_thw": torch.tensor([[1, 4, 4]])}
    ours, _ = _get_input_embeds(model, ids, **image)
    theirs, _ = _get_input_embeds.__wrapped__(model, ids, **image)
    torch.testing.assert_close(ours, theirs)
    assert not torch.allclose(ours[0, 1], model.get_input_embeddings()(ids)[0, 1])


def test_verl_still_needs_it(model):
    # Should this fail, verl does it right by itself: remove ttrl_verl/patches/text_batch.py.
    import torch
    from verl.models.transformers.qwen2_vl import _get_input_embeds

    with pytest.raises(AttributeError, match="mean"):
        _get_input_embeds.__wrapped__(model, torch.tensor([[9]]))
