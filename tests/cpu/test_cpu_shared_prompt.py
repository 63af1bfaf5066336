"""A prompt read once for all its responses: the same log-probabilities, entropies and gradients as verl's own rows."""

import pytest

pytestmark = pytest.mark.verl

# Rounding, as a share of the greatest value that is compared: sums of hundreds of float32 products, whose order is the
# processor's. The most that was seen is 4.3 of float32's epsilon (see test_instruction_sets.py for the sets).
EPSILON = 2.0**-23
ROUNDING = 16 * EPSILON

MODEL_TYPES = ("llama", "qwen2", "qwen3")

# Two prompts, of 6 and 4 tokens; a response sampled twice; one that begins as another does; one of a single token.
PROMPTS = [[5, 6, 7, 8, 9, 10]] * 4 + [[11, 12, 13, 14]] * 4
RESPONSES = [[20, 21], [20, 22], [20, 21], [23], [24], [24], [25, 26, 27], [20, 21]]


@pytest.fixture(scope="module", autouse=True)
def _verl():
    pytest.importorskip("verl", reason="verl is not installed")


def test_each_token_sees_what_it_saw_in_a_row_of_its_own():
    from ttrl_verl.cpu import shared_prompt

    layout = shared_prompt.lay_out(PROMPTS, RESPONSES, padding=0)
    assert layout.input_ids.tolist() == [
        [5, 6, 7, 8, 9, 10, 20, 21, 20, 22, 23, 0],
        [0, 0, 11, 12, 13, 14, 24, 25, 26, 27, 20, 21],
    ]
    assert layout.position_ids[1].tolist() == [0, 0, 0, 1, 2, 3, 4, 4, 5, 6, 4, 5]
    sees = [[column for column in range(12) if layout.attention_mask[1, 0, row, column]] for row in range(12)]
    prompt = [2, 3, 4, 5]
    assert sees[:2] == [[0], [1]]  # padding sees itself, and nothing sees it
    assert sees[2:6] == [prompt[: row + 1] for row in range(4)]
    assert sees[6:] == [
        [*prompt, 6],
        *([*prompt, *range(7, end + 1)] for end in (7, 8, 9)),
        [*prompt, 10],
        [*prompt, 10, 11],
    ]


@pytest.mark.parametrize(
    ("prompts", "responses"),
    [
        pytest.param([[1, 2, 3], [4, 5, 6]], [[7], [8]], id="nothing is shared"),
        pytest.param(
            [[1, 2]] * 4, [[token] * 30 for token in range(4)], id="long responses: more attention than before"
        ),
    ],
)
def test_where_it_is_not_less_work_verls_way_is_taken(prompts, responses):
    from ttrl_verl.cpu import shared_prompt

    assert shared_prompt.lay_out(prompts, responses, padding=0) is None


@pytest.mark.rounding
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_model_of_the_list_gives_the_same_log_probabilities(model_type):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from ttrl_verl.cpu import shared_prompt

    assert shared_prompt.MODEL_TYPES == MODEL_TYPES
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
    config = AutoConfig.for_model(model_type, vocab_size=32, hidden_size=32, intermediate_size=48, **sizes)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").eval()
    layout = shared_prompt.lay_out(PROMPTS, RESPONSES, padding=0)
    logits = model(layout.input_ids, layout.attention_mask, layout.position_ids, logits_to_keep=layout.kept).logits
    found = logits[layout.rows, layout.columns].log_softmax(-1).gather(1, layout.labels[:, None])[:, 0]
    expected = []
    for prompt, response in zip(PROMPTS, RESPONSES, strict=True):
        row = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
        expected += row.gather(1, torch.tensor(response)[:, None])[:, 0].tolist()
    assert _greatest_share(found[layout.sources], torch.tensor(expected)) < ROUNDING


def _greatest_share(found, expected) -> float:
    """Return the greatest difference of two tensors as a share of the greatest value."""
    return ((found - expected).abs().max() / expected.abs().max()).item()


@pytest.fixture
def engine(tiny_model, tmp_path, monkeypatch):
    """Build verl's actor engine, with the tiny model in float32."""
    import torch
    from verl.trainer.config import CheckpointConfig
    from verl.utils.distributed import initialize_global_process_group_ray
    from verl.workers.config import FSDPEngineConfig, FSDPOptimizerConfig, HFModelConfig
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

    for name, value in {"DIST_INIT_METHOD": f"file://{tmp_path}/store", "WORLD_SIZE": "1", "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    initialize_global_process_group_ray(timeout_second=None)
    float32 = {"param_dtype": "fp32", "reduce_dtype": "fp32", "buffer_dtype": "fp32"}
    sdpa = {"attn_implementation": "sdpa"}
    built = FSDPEngineWithLMHead(
        HFModelConfig(path=str(tiny_model), use_remove_padding=False, override_config=sdpa),
        FSDPEngineConfig(strategy="fsdp2", use_torch_compile=False, mixed_precision=float32),
        FSDPOptimizerConfig(lr=1e-3, total_training_steps=1),
        CheckpointConfig(),
    )
    try:
        built.initialize()
        yield built
    finally:
        torch.distributed.destroy_process_group()


def _batch(micro_batch: int):
    import torch
    from tensordict import TensorDict
    from verl.utils.tensordict_utils import assign_non_tensor

    def nested(rows):
        return torch.nested.as_nested_tensor([torch.tensor(row) for row in rows], layout=torch.jagged)

    whole = [prompt + response for prompt, response in zip(PROMPTS, RESPONSES, strict=True)]
    ones = nested([[1.0] * len(response) for response in RESPONSES])
    fields = {
        "input_ids": nested(whole),
        "position_ids": nested([list(range(len(row))) for row in whole]),
        "prompts": nested(PROMPTS),
        "responses": nested(RESPONSES),
        "response_mask": ones,
        "loss_mask": ones.clone(),
    }
    batch = TensorDict(fields, batch_size=len(whole))
    assign_non_tensor(
        batch,
        use_remove_padding=False,
        temperature=0.7,
        use_dynamic_bsz=False,
        micro_batch_size_per_gpu=micro_batch,
        calculate_entropy=True,
    )
    return batch


@pytest.mark.rounding
@pytest.mark.parametrize("micro_batch", [8, 4])
def test_verls_engine_computes_the_same_and_takes_fewer_rows(engine, monkeypatch, micro_batch):
    import torch
    from verl.workers.utils.padding import no_padding_2_padding

    from ttrl_verl.cpu import shared_prompt

    weights = torch.arange(1.0, 4.0)  # of a token by its place, so that an exchanged one shows
    rows = []

    def run():
        seen = []

        def loss(model_output, data, dp_group=None):
            found = [no_padding_2_padding(model_output[name], data) for name in ("log_probs", "entropy")]
            seen.extend(row.detach() for values in found for row in values)
            return sum((values * weights[: values.shape[1]]).sum() for values in found), {}

        engine.module.train()
        engine.optimizer_zero_grad()
        handle = engine.module.model.embed_tokens.register_forward_hook(
            lambda module, args, out: rows.append(out.shape[0])
        )
        engine.forward_backward_batch(_batch(micro_batch), loss)
        handle.remove()
        return torch.cat(seen), {name: p.grad.full_tensor() for name, p in engine.module.named_parameters()}

    values, gradients = run()
    monkeypatch.setattr(shared_prompt, "MODEL_TYPES", ())
    verls_values, verls_gradients = run()
    # Fails when verl itself reads a prompt once: the patch can then go.
    assert rows == ([2, 8] if micro_batch == 8 else [1, 1, 4, 4])
    assert values.shape == verls_values.shape
    assert _greatest_share(values, verls_values) < ROUNDING
    shares = {name: _greatest_share(gradients[name], verls_gradients[name]) for name in verls_gradients}
    assert max(shares.values()) < ROUNDING, shares


def test_the_critics_engine_is_verls_own():
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead, FSDPEngineWithValueHead

    from ttrl_verl.cpu import shared_prompt

    assert shared_prompt._is_actor(object.__new__(FSDPEngineWithLMHead))
    assert not shared_prompt._is_actor(object.__new__(FSDPEngineWithValueHead))
