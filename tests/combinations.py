"""The combinations of recipes and parts that the documentation offers."""

from collections.abc import Iterator
from itertools import product

TEXT = ("ttrl", "ttrl_aime24", "ttrl_aime25", "ttrl_amc", "ttrl_math500", "ttrl_gpqa", "ttrl_classify", "ttrl_evol")
VISION = ("ttrv_paper", "ttrv_code", "ttrv_single")
LORA = "ttrl_aime24_lora"

TEXT_MODELS = (
    "qwen2.5-math-1.5b",
    "qwen2.5-math-7b",
    "qwen2.5-7b",
    "qwen2.5-32b",
    "qwen2.5-72b-instruct",
    "llama-3.1-8b-instruct",
    "llama-3.2-3b-instruct",
    "qwen3-8b",
)
VISION_MODELS = (
    "qwen2.5-vl-3b",
    "qwen2.5-vl-7b",
    "qwen3-vl-4b",
    "qwen3-vl-8b",
    "internvl3-2b",
    "internvl3-8b",
    "internvl3-14b",
    "internvl2.5-4b",
    "internvl2.5-8b",
    "internvl3.5-4b",
    "internvl3.5-8b",
)
ESTIMATORS = ("grpo", "ppo", "rloo", "reinforce_plus_plus", "reinforce_plus_plus_baseline")
HARDWARE = ("8x80gb", "4x80gb", "2x8x80gb", "4x8x80gb", "1x24gb_lora", "cpu")
MODES = ("sync", "colocate_async", "separate_async")
LEVELS = ("all", "l1", "l2", "l3", "l4", "l5")
DATASETS = (
    "imagenet",
    "imagenet_v2",
    "imagenet_r",
    "imagenet_s",
    "imagenet_a",
    "food101",
    "dtd",
    "resisc45",
    "mathverse",
    "mathvista",
    "seed",
    "mme",
    "realworldqa",
    "capture",
    "crpe",
    "ai2d",
)

# 16 kept responses of one question cannot be divided among 32 GPUs, nor by twos among 16; `check` says so.
IMPOSSIBLE = {
    ("ttrv_code", "hardware=4x8x80gb"): "a mini-batch is 1 x 16 responses",
    ("ttrv_single", "hardware=4x8x80gb"): "a step trains on 1 x 16 responses",
    ("ttrv_single", "hardware=2x8x80gb"): "ppo_micro_batch_size_per_gpu is 2",
}

# One GPU, and a Ray whose size is said.
ALONE = ("hardware=1x24gb_lora", "hardware=cpu")

Combination = tuple[str, tuple[str, ...]]


def pairs() -> Iterator[Combination]:
    """Every recipe with every option of every group, one group at a time."""
    groups = {"estimator": ESTIMATORS, "hardware": HARDWARE, "trainer_mode": MODES}
    for recipes, models in (((*TEXT, LORA), TEXT_MODELS), (VISION, VISION_MODELS)):
        for group, options in {"model": models, **groups}.items():
            for recipe, option in product(recipes, options):
                if (recipe, f"{group}={option}") not in IMPOSSIBLE:
                    yield recipe, (f"{group}={option}",)
    yield from (("ttrl_math500", (f"level={level}",)) for level in LEVELS)
    yield from ((recipe, (f"dataset={dataset}",)) for recipe, dataset in product(VISION, DATASETS))


def covers() -> Iterator[Combination]:
    """Few compositions that hold every pair of `pairs` between them: a recipe with an option of each group at a time.

    Example, of ``ttrl``: its first has the first model, estimator, hardware and mode, the last the last model. Where a
    group has fewer options than another, they come again. What goes with few options of others is composed alone.
    """
    by_recipe: dict[str, dict[str, list[str]]] = {}
    for recipe, (override,) in pairs():
        if override in ALONE:
            yield recipe, (override,)
        else:
            by_recipe.setdefault(recipe, {}).setdefault(override.partition("=")[0], []).append(override)
    for recipe, groups in by_recipe.items():
        for turn in range(max(map(len, groups.values()))):
            yield recipe, tuple(options[turn % len(options)] for options in groups.values())


def products() -> Iterator[Combination]:
    """Recipe x model x estimator, and estimator x hardware x mode of one recipe."""
    for recipes, models in ((TEXT, TEXT_MODELS), (VISION, VISION_MODELS)):
        for recipe, model, estimator in product(recipes, models, ESTIMATORS):
            yield recipe, (f"model={model}", f"estimator={estimator}")
    for estimator, hardware, mode in product(ESTIMATORS, HARDWARE, MODES):
        # On a CPU Ray is told how many processes it may start, those of vLLM too: docs/scale.md.
        more = ("ray_kwargs.ray_init.num_gpus=2",) if (hardware, mode) == ("cpu", "separate_async") else ()
        yield "ttrl_aime24", (f"estimator={estimator}", f"hardware={hardware}", f"trainer_mode={mode}", *more)


# A recipe's own config otherwise: small enough for the tiny model of tests/tiny_model.py and a CPU.
SHRINK = (
    "hardware=cpu",
    "votes=6",
    "kept=4",
    "batch=4",
    "steps=2",
    "data.max_prompt_length=64",
    "data.max_response_length=8",
    "ttrl.truncated=keep",  # random weights seldom end by themselves
    "actor_rollout_ref.actor.ppo_mini_batch_size=4",
    "actor_rollout_ref.rollout.max_model_len=96",
    "actor_rollout_ref.rollout.max_num_seqs=64",
    "actor_rollout_ref.rollout.max_num_batched_tokens=1024",
    "actor_rollout_ref.rollout.checkpoint_engine.update_weights_bucket_megabytes=8",
    "trainer.logger=[console,file]",
    "trainer.resume_mode=disable",
    "trainer.save_freq=-1",
    "trainer.test_freq=2",
)
