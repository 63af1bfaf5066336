"""The patch of Qwen2.5-VL's text-only micro-batches and of GLM-4V's images, with the tiny models."""

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


@pytest.fixture(scope="module")
def glm(tiny_glm4v):
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(tiny_glm4v).model


@pytest.mark.rounding
@pytest.mark.parametrize("images", [0, 1])
def test_glm_is_embedded_with_an_image_and_without(images, glm):
    import torch
    from verl.models.transformers.glm4v import _get_input_embeds

    token = glm.config.image_token_id
    ids = torch.tensor([[9, *[token] * 4 * images, 10]])
    pixels = torch.rand(16, 3 * 2 * 14 * 14)
    image = {"pixel_values": pixels, "image_grid_thw": torch.tensor([[1, 4, 4]])} if images else {}
    embedded, _ = _get_input_embeds(glm, ids, **image)
    words = glm.get_input_embeddings()(ids)
    if images:
        features = torch.cat(list(glm.get_image_features(**image).pooler_output))
        torch.testing.assert_close(embedded[0, 1:5], features)
    torch.testing.assert_close(embedded[0, [0, -1]], words[0, [0, -1]])
    embedded.sum().backward()
    assert all(weight.grad is not None for weight in glm.visual.parameters())


def test_verl_still_needs_it_for_glm(glm):
    # Should this fail, verl does it right by itself: take glm4v out of ttrl_verl/patches/text_batch.py.
    import torch
    from verl.models.transformers.glm4v import _get_input_embeds

    with pytest.raises(AttributeError, match="mean"):
        _get_input_embeds.__wrapped__(glm, torch.tensor([[9]]))
