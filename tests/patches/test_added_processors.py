"""The patch that gives verl a processor for the models that it does not know, with the tiny InternVL."""

import sys
import warnings

import pytest

pytestmark = pytest.mark.verl


def test_verl_gets_transformers_own_processor(tiny_internvl):
    from verl.utils.tokenizer import hf_processor

    processor = hf_processor(str(tiny_internvl), trust_remote_code=False)
    assert type(processor).__name__ == "InternVLProcessor"
    assert processor.config.model_type == "internvl"
    assert not hasattr(processor, "get_rope_index")  # plain positions


def test_another_processor_is_verls_own_affair(tiny_vision_model, tiny_model, tmp_path):
    from verl.utils.tokenizer import hf_processor

    ours, theirs = (make(str(tiny_vision_model)) for make in (hf_processor, hf_processor.__wrapped__))
    assert type(ours) is type(theirs)
    assert hasattr(ours, "get_rope_index")
    assert ours.to_dict() == theirs.to_dict()
    for folder in (tiny_model, tmp_path):  # a model of text alone, and nothing at all
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert hf_processor(str(folder)) is None


def test_verl_still_needs_it(tiny_internvl):
    # Should this fail, verl does it right by itself: remove ttrl_verl/patches/added_processors.py.
    from verl.utils.tokenizer import hf_processor

    with pytest.warns(UserWarning, match="Unsupported processor type: InternVLProcessor"):
        assert hf_processor.__wrapped__(str(tiny_internvl)) is None


def test_no_module_of_verl_has_the_other_one():
    import verl.model_merger.base_model_merger
    import verl.workers.config.model
    from verl.utils.tokenizer import hf_processor

    assert verl.model_merger.base_model_merger.hf_processor.__code__ is hf_processor.__code__
    holders = {
        name: module.hf_processor
        for name, module in list(sys.modules.items())
        if name.startswith("verl") and "hf_processor" in vars(module)
    }
    assert len(holders) >= 5
    assert [name for name, held in holders.items() if held.__code__ is not hf_processor.__code__] == []
