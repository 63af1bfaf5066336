"""A recipe of each method and each estimator, its own config but for the size, on a tiny model: two steps."""

import subprocess
import sys

import combinations
import pytest
from conftest import train  # tests/e2e/conftest.py
from exact import differences  # tests/e2e/exact.py

from ttrl_verl.demo.digits import read_digits

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

VOTES, KEPT, PROMPTS = 6, 4, 4
# `hardware=cpu` takes the place of the part that has these.
LORA = (
    "actor_rollout_ref.model.lora_rank=8",
    "actor_rollout_ref.model.lora_alpha=8",
    "actor_rollout_ref.model.target_modules=all-linear",
    "actor_rollout_ref.rollout.load_format=safetensors",
    "trainer.save_freq=2",
)
# Most words of the tiny vision model are letters: with all of them as options, random weights give answers.
LETTERS = ("data.max_response_length=2", "ttrl.choices=26")
QWEN3_VL = "model=qwen3-vl-4b"
INTERNVL, INTERNVL35 = "model=internvl3-2b", "model=internvl3.5-4b"
TILES = ((112, 56), (56, 56), (112, 112), (84, 168))
# The tiny model whose shape is a recipe's part's.
BUILT = {QWEN3_VL: "tiny_qwen3_vl", INTERNVL: "tiny_internvl_untied", INTERNVL35: "tiny_internvl35"}
FROZEN = ("actor_rollout_ref.actor.freeze_vision_tower=true", "trainer.save_freq=2")
TEXT = [{"prompt": f"what is {n} plus 1", "answer": str(n + 1)} for n in range(8)]


def shrink(recipe, *overrides, core=False):
    parts = (part.partition("=")[2] for part in overrides if part.startswith(("estimator=", "model=")))
    name = "-".join([recipe, *parts])
    return pytest.param(recipe, overrides, id=name, marks=() if core else pytest.mark.matrix)


@pytest.mark.parametrize(
    ("recipe", "overrides"),
    [
        shrink("ttrl_aime24", core=True),
        *(shrink("ttrl_aime24", f"estimator={name}") for name in combinations.ESTIMATORS if name != "grpo"),
        shrink("ttrl_classify", "ttrl.choices=[red,green,blue]"),
        shrink("ttrl_aime24_lora", *LORA),
        shrink("ttrv_paper", *LETTERS, *FROZEN),
        shrink("ttrv_code", *LETTERS),
        shrink("ttrv_code", QWEN3_VL, *LETTERS),
        shrink("ttrv_code", INTERNVL, *LETTERS, "trainer.save_freq=2", core=True),
        shrink("ttrv_paper", INTERNVL35, *LETTERS),
    ],
)
def test_two_steps(recipe, overrides, tmp_path, request):
    if recipe in combinations.VISION:
        built = next((BUILT[part] for part in overrides if part in BUILT), "tiny_vision_model")
        model = request.getfixturevalue(built)
        questions = pictures(tmp_path, TILES if "internvl" in built else [(56, 56)])
    else:
        model, questions = request.getfixturevalue("tiny_model"), TEXT
    run = train(tmp_path, model, [*combinations.SHRINK, *overrides], recipe=recipe, questions=questions)
    assert [row["step"] for row in run.metrics if row["step"] > 0] == [1, 2]
    assert run.series("ttrl/votes") == [float(VOTES * PROMPTS)] * 2
    assert run.series("ttrl/kept") == [float(KEPT * PROMPTS)] * 2
    assert run.series("ttrl/missing_responses") == [0.0, 0.0]
    assert run.series("ttrl/queue_leftover") == [0.0, 0.0]
    assert run.record.setting("trainer.experiment_name") == recipe
    # Answers were found and something was learnt from them.
    assert min(run.series("ttrl/unparsed_ratio")) < 1
    assert max(run.series("actor/grad_norm")) > 0
    assert min(run.series("ttrl/zero_advantage_groups")) < 1
    if "estimator=ppo" in overrides:
        assert min(run.series("critic/grad_norm")) > 0
    apart = [record["mean_absolute_difference"] for record in run.of_kind("log_probs")]
    assert len(apart) == 2
    print(f"{request.node.callspec.id}: actor and rollout differ by {max(apart):.2g}")
    if recipe in combinations.VISION:
        differences(run, model).check()
    else:
        assert max(apart) < 1e-3
    if "lora" in recipe:
        the_adapter_is_exported(run, tmp_path / "adapter")
    if set(FROZEN) < set(overrides) or INTERNVL in overrides:
        the_tower_has_not_moved(run, tmp_path / "adapted", model)


def pictures(folder, sizes):
    digits = read_digits()
    rows = []
    for index in range(8):
        digits.picture(index).convert("RGB").resize(sizes[index % len(sizes)]).save(folder / f"{index}.png")
        question = "<image>Which of these does the picture show? A. or B. or C."
        rows.append({"prompt": question, "images": f"{index}.png", "answer": "ABCD"[index % 4]})
    return rows


def the_adapter_is_exported(run, out):
    """The adapter stays one: PEFT puts it on the base model, and the weights are those of the checkpoint."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    exported(run, out)
    assert (out / "adapter_config.json").exists()
    assert not (out / "model.safetensors").exists()
    base = AutoModelForCausalLM.from_pretrained(run.record.setting("actor_rollout_ref.model.path"))
    model = PeftModel.from_pretrained(base, out)
    moved = {name: weight.abs().max().item() for name, weight in model.named_parameters() if "lora_B" in name}
    # B begins at zero: it has learnt where it is anything else.
    assert moved
    assert all(value > 0 for value in moved.values())


def the_tower_has_not_moved(run, out, model):
    from safetensors.torch import load_file

    exported(run, out)
    before, after = (load_file(folder / "model.safetensors") for folder in (model, out))
    assert set(after) == set(before)  # the head too, where the model has one of its own
    moved = {name for name, weight in after.items() if (weight.float() - before[name].bfloat16().float()).any()}
    tower = {name for name in after if "visual" in name or "vision_tower" in name}
    assert tower
    assert not moved & tower
    assert moved
    it_loads_again(out, after, model)
    print(f"{len(moved)} of {len(after)} tensors moved, none of the tower's {len(tower)}")


def it_loads_again(out, weights, model):
    """What was exported is a model and its processor to transformers; a head of its own is not the embedding."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    assert type(AutoProcessor.from_pretrained(out)) is type(AutoProcessor.from_pretrained(model))
    loaded = AutoModelForImageTextToText.from_pretrained(out)
    heads = [weight for name, weight in weights.items() if name.endswith("lm_head.weight")]
    for head in heads:
        assert loaded.lm_head.weight.float().equal(head.float())
    tied = loaded.lm_head.weight.equal(loaded.get_input_embeddings().weight)
    assert tied is (heads == [])


def exported(run, out):
    command = [sys.executable, "-m", "ttrl_verl", "export", str(run.folder), str(out), "--step", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
