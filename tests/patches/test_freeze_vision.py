"""The patch that freezes a vision tower, with the tiny models."""

import pytest

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.patches.freeze_vision import freeze


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [False, True])
def test_the_recipes_hand_verls_key_on(frozen):
    override = f"actor_rollout_ref.actor.freeze_vision_tower={str(frozen).lower()}"
    config = compose_recipe("ttrv_code", [override]).actor_rollout_ref
    assert config.model.override_config.freeze_vision_tower is frozen
    assert config.actor.fsdp_config.use_orig_params is frozen


@pytest.mark.slow
def test_the_tower_alone_is_frozen(tiny_vision_model):
    from transformers import AutoModelForImageTextToText

    model = AutoModelForImageTextToText.from_pretrained(tiny_vision_model)
    count = freeze(model)
    frozen = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    assert frozen == {name for name, _ in model.named_parameters() if name.startswith("model.visual.")}
    assert count == sum(weight.numel() for name, weight in model.named_parameters() if name in frozen) > 0


@pytest.mark.slow
def test_a_model_without_one_says_so(tiny_model):
    from transformers import AutoModelForCausalLM

    with pytest.raises(ValueError, match="LlamaForCausalLM has no visual or vision_tower"):
        freeze(AutoModelForCausalLM.from_pretrained(tiny_model))


@pytest.mark.verl
def test_verl_still_does_not_read_its_own_key():
    # Should this fail, verl freezes the tower itself: remove ttrl_verl/patches/freeze_vision.py.
    from pathlib import Path

    import verl

    root = Path(verl.__file__).parent
    readers = [path for path in root.rglob("*.py") if "freeze_vision_tower" in path.read_text(encoding="utf-8")]
    assert readers == [root / "workers" / "config" / "actor.py"]


@pytest.mark.verl
def test_verls_engine_is_wrapped():
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngine

    assert FSDPEngine._build_module.__wrapped__.__module__ == "verl.workers.engine.fsdp.transformer_impl"
