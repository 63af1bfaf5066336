"""The patch that counts GLM-4V's operations from its language model, with the tiny one's configuration."""

import pytest

pytestmark = pytest.mark.verl


def test_operations_are_those_of_the_language_model(tiny_glm4v):
    from transformers import AutoConfig
    from verl.utils.flops_counter import FlopsCounter, _estimate_qwen2_flops

    config = AutoConfig.from_pretrained(tiny_glm4v)
    counted, _ = FlopsCounter(config).estimate_flops([30, 12], 2.0)
    assert counted == _estimate_qwen2_flops(config.text_config, 42, [30, 12], 2.0) > 0
    # verl's own way, which the patch is for; it passes when verl has mended it, and this fails.
    with pytest.raises(AttributeError, match="hidden_size"):
        _estimate_qwen2_flops(config, 42, [30, 12], 2.0)
