"""Every combination that the documentation offers composes strictly, and its numbers fit each other."""

import combinations
import pytest

from ttrl_verl.composition.catalogue import part_groups, recipe_names
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.preflight.batches import problems, run_numbers
from ttrl_verl.preflight.findings import config_findings, refuse

PAIRS = list(combinations.pairs())
COVERS = list(combinations.covers())
PRODUCTS = list(combinations.products())
# One of each group, beside the recipes as they stand, which test_recipe.py composes.
CORE = [
    ("ttrl", ("model=qwen2.5-7b", "estimator=rloo", "hardware=4x80gb")),
    ("ttrl_aime24", ("model=qwen2.5-32b", "hardware=2x8x80gb", "trainer_mode=separate_async")),
    ("ttrl_math500", ("level=l5", "estimator=ppo", "trainer_mode=colocate_async")),
    ("ttrv_code", ("dataset=ai2d", "model=qwen3-vl-8b", "estimator=reinforce_plus_plus")),
]

# These run whole in end-to-end tests, as they are.
RUN_HERE = {"answer_cpu", "demo_cpu", "demo_vision", "demo_vision_single"}


def named(value):
    """What a test is called by: the recipe as it is, its overrides one after another."""
    return value if isinstance(value, str) else " ".join(value)


def composes(recipe, overrides):
    composed = compose_run(recipe, overrides)
    refuse(config_findings(composed))
    for override in overrides:
        group, _, option = override.partition("=")
        if "." not in group:  # a part, not a key
            assert composed.parts[group] == option


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "overrides"), CORE)
def test_the_core_composes(recipe, overrides):
    composes(recipe, overrides)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "overrides"), COVERS, ids=named)
def test_every_part_composes_with_every_recipe(recipe, overrides):
    composes(recipe, overrides)


@pytest.mark.matrix
@pytest.mark.parametrize(("recipe", "overrides"), PRODUCTS, ids=named)
def test_the_products_compose(recipe, overrides):
    composes(recipe, overrides)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [combinations.TEXT[1], *combinations.VISION, combinations.LORA])
def test_the_shrinks_compose(recipe):
    """What tests/e2e runs of them later: this many GPUs, responses and tokens, whatever the recipe says."""
    composed = compose_run(recipe, combinations.SHRINK)
    refuse(config_findings(composed))
    trainer = composed.config.trainer
    assert (run_numbers(composed.values).gpus, trainer.device, trainer.total_training_steps) == (1, "cpu", 2)


def test_every_pair_is_in_a_composition():
    covered = {(recipe, (override,)) for recipe, overrides in COVERS for override in overrides}
    assert covered == set(PAIRS)


def test_none_is_left_out():
    """A new recipe or part is in a combination, or this fails."""
    used = {(group, option) for _, overrides in PAIRS for group, _, option in (o.partition("=") for o in overrides)}
    there = {(group, option) for group, options in part_groups().items() for option in options}
    methods = {("method", option) for option in part_groups()["method"]}  # a recipe each, not an override
    assert there - methods == used
    assert {recipe for recipe, _ in PAIRS} == set(recipe_names()) - RUN_HERE


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "override"), sorted(combinations.IMPOSSIBLE))
def test_what_cannot_be_is_said(recipe, override):
    numbers = run_numbers(compose_run(recipe, [override]).values)
    assert next(problems(numbers)).startswith(combinations.IMPOSSIBLE[recipe, override])
