"""The patch that runs the vision tower in micro-batches of text alone, with the tiny InternVL."""

import pytest

from ttrl_verl.patches.tower_on_text import run_tower_on_text


@pytest.fixture
def model(tiny_internvl):
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(tiny_internvl)


@pytest.mark.slow
def test_text_gives_the_same_logits_and_reaches_every_weight_of_the_tower(model):
    import torch

    ids = torch.tensor([[9, 10, 11], [12, 13, 14]])
    before = model(input_ids=ids).logits
    before.sum().backward()
    tower = [*model.model.vision_tower.parameters(), *model.model.multi_modal_projector.parameters()]
    skipped = [weight.grad is None for weight in tower]
    assert all(skipped)  # what another worker, whose batch has an image, waits for
    run_tower_on_text(model)
    after = model(input_ids=ids).logits
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    after.sum().backward()
    used = [weight.grad is not None and not weight.grad.any() for weight in tower]
    # The tower's mask token is for its own training, and unused with an image as well.
    assert sum(used) >= len(tower) - 1


@pytest.mark.slow
def test_an_image_goes_the_same_way_as_before(model):
    import torch

    token = model.config.image_token_id
    batch = {"input_ids": torch.tensor([[9, token, token, token, token, 10]]), "pixel_values": torch.rand(1, 3, 56, 56)}
    before = model(**batch).logits
    run_tower_on_text(model)
    torch.testing.assert_close(model(**batch).logits, before, rtol=0, atol=0)
    embedded = model.get_input_embeddings()(torch.tensor([[9, 10, 11]]))
    assert model(inputs_embeds=embedded).logits.shape[1] == 3  # somebody else's embeddings are left alone


@pytest.mark.verl
def test_verls_engine_is_wrapped_and_verl_knows_the_others_alone():
    # Should this fail, verl may run the tower of others itself: look whether ttrl_verl/patches/tower_on_text.py can go.
    from pathlib import Path

    import verl
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngine

    assert FSDPEngine._build_module.__wrapped__
    folder = Path(verl.__file__).parent / "models" / "transformers"
    assert [file.name for file in folder.glob("*.py") if "internvl" in file.read_text().lower()] == []
