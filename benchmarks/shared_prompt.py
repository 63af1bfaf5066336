"""The actor's forward and backward pass on a CPU: each prompt read once, over verl's own way, a row a response.

    python benchmarks/shared_prompt.py [--responses 16] [--prompt-tokens 70] [--response-tokens 6] [--micro-batch 64]

verl's own FSDP engine, the demo's model and precision, made-up tokens of the demo's lengths; each response of a group
was sampled twice. The two ways take turns. Prints seconds of each, their ratio, and how far log-probabilities differ.
"""

import argparse
import os
import statistics
import tempfile
import time
from typing import Any

import torch
import verl  # noqa: F401 - it loads the plugin, which patches the engine as that is imported
from tensordict import TensorDict
from verl.trainer.config import CheckpointConfig
from verl.utils.distributed import initialize_global_process_group_ray
from verl.utils.tensordict_utils import assign_non_tensor
from verl.workers.config import FSDPEngineConfig, FSDPOptimizerConfig, HFModelConfig
from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead
from verl.workers.utils.padding import no_padding_2_padding

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.cpu import shared_prompt
from ttrl_verl.demo.smollm2 import convert
from ttrl_verl.demo.tasks import SMOLLM2

PROMPTS = 8


def build_engine(model: str) -> FSDPEngineWithLMHead:
    """Return verl's actor engine, in the demo's precision."""
    os.environ |= {"DIST_INIT_METHOD": f"file://{tempfile.mkdtemp()}/store", "WORLD_SIZE": "1", "RANK": "0"}
    initialize_global_process_group_ray(timeout_second=None)
    precision = compose_recipe("demo_cpu").actor_rollout_ref.actor.fsdp_config.mixed_precision
    engine = FSDPEngineWithLMHead(
        HFModelConfig(path=model, use_remove_padding=False, override_config={"attn_implementation": "sdpa"}),
        FSDPEngineConfig(strategy="fsdp2", use_torch_compile=False, mixed_precision=dict(precision)),
        FSDPOptimizerConfig(lr=1e-6, total_training_steps=1),
        CheckpointConfig(),
    )
    engine.initialize()
    return engine


def build_batch(vocabulary: int, arguments: argparse.Namespace) -> TensorDict:
    """Return a mini-batch as verl's trainer hands it to the engine."""
    draw = torch.Generator().manual_seed(0)
    prompts, responses = [], []
    for _ in range(PROMPTS):
        prompt = torch.randint(3, vocabulary, (arguments.prompt_tokens,), generator=draw)
        distinct = torch.randint(
            3, vocabulary, (-(-arguments.responses // 2), arguments.response_tokens), generator=draw
        )
        prompts += [prompt] * arguments.responses
        responses += [distinct[number % len(distinct)] for number in range(arguments.responses)]

    def nested(rows: list[torch.Tensor]) -> torch.Tensor:
        return torch.nested.as_nested_tensor(rows, layout=torch.jagged)

    whole = [torch.cat(pair) for pair in zip(prompts, responses, strict=True)]
    ones = nested([torch.ones(len(response)) for response in responses])
    fields = {
        "input_ids": nested(whole),
        "position_ids": nested([torch.arange(len(row)) for row in whole]),
        "prompts": nested(prompts),
        "responses": nested(responses),
        "response_mask": ones,
        "loss_mask": ones.clone(),
    }
    batch = TensorDict(fields, batch_size=len(whole))
    settings = {"use_remove_padding": False, "temperature": 1.0, "use_dynamic_bsz": False}
    assign_non_tensor(batch, **settings, micro_batch_size_per_gpu=arguments.micro_batch)
    return batch


def one_pass(engine: FSDPEngineWithLMHead, batch: TensorDict) -> tuple[float, torch.Tensor]:
    """Return the seconds of a forward and a backward pass, and the log-probabilities of the responses."""
    seen = []

    def loss(model_output: dict, data: TensorDict, dp_group: Any = None) -> tuple[torch.Tensor, dict]:
        log_probs = no_padding_2_padding(model_output["log_probs"], data)
        seen.append(log_probs.detach().float())
        return -log_probs.mean(), {}

    engine.module.train()
    engine.optimizer_zero_grad()
    began = time.perf_counter()
    engine.forward_backward_batch(batch.clone(), loss)
    return time.perf_counter() - began, torch.cat(seen)


def main() -> None:
    """Time the two ways in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--responses", type=int, default=16, help="to a prompt")
    parser.add_argument("--prompt-tokens", type=int, default=70)
    parser.add_argument("--response-tokens", type=int, default=6)
    parser.add_argument("--micro-batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not SMOLLM2.folder.is_dir():
        convert(SMOLLM2.folder)
    engine = build_engine(str(SMOLLM2.model_dir))
    batch = build_batch(engine.module.config.vocab_size, arguments)
    ways, seconds, log_probs = {"once": shared_prompt.MODEL_TYPES, "verl": ()}, {"once": [], "verl": []}, {}
    for turn in range(arguments.rounds + 1):
        for name, model_types in ways.items():
            shared_prompt.MODEL_TYPES = model_types
            took, log_probs[name] = one_pass(engine, batch)
            if turn:  # the first warms up
                seconds[name].append(took)
    once, verls = (statistics.median(seconds[name]) for name in ways)
    apart = (log_probs["once"] - log_probs["verl"]).abs().mean()
    print(f"{PROMPTS * arguments.responses} responses, medians of {arguments.rounds}:")
    print(f"each prompt once {once:.2f} s, verl's rows {verls:.2f} s, ratio {once / verls:.3f}")
    print(f"log-probabilities differ by {apart:.2g} in the mean, of {log_probs['verl'].abs().mean():.3g}")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
