"""What a configuration stands for is counted before anything is resolved."""

import pytest

from ttrl_verl.composition.interpolations import LARGEST, check_size
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.errors import InputError


def tenfold(first: object, join) -> dict:
    """Ten levels, each ten times the one before."""
    levels = {f"x{level}": join(f"${{a.x{level - 1}}}") for level in range(1, 10)}
    return {"a": {"x0": first, **levels}}


@pytest.mark.parametrize(
    "written",
    [
        tenfold("ha", lambda one: one * 10),
        tenfold(["ha"], lambda one: [one] * 10),
        tenfold("ha", lambda one: {f"k{n}": one for n in range(10)}),
        tenfold("ha", lambda one: f"${{oc.decode:{one * 10}}}"),
        {"a": {"x0": "ha", **{f"x{n}": f"${{.x{n - 1}}}" * 10 for n in range(1, 10)}}},
        {"a": ["x" * LARGEST]},
    ],
)
def test_what_would_fill_a_memory_is_refused_with_its_key(written):
    with pytest.raises(InputError, match=r"^a\.\S+ stands for more than 2000000 characters where its interpolations"):
        check_size(written)


@pytest.mark.parametrize(
    "written",
    [
        {"a": "${b}", "b": "${a}"},  # OmegaConf's to refuse
        {"a": "${a}"},
        {"a": "${b.c[0]}${nowhere}${..far}${", "b": {"c": ["x"]}},
        {f"x{n}": f"${{x{n - 1}}}" for n in range(1, 500)},
    ],
)
def test_what_is_small_is_left_to_omegaconf(written):
    check_size(written)


@pytest.mark.slow
def test_a_recipe_that_doubles_is_refused_before_it_is_resolved(tmp_path):
    levels = "".join(f"    x{n}: '{f'${{ttrl.reward_options.x{n - 1}}}' * 10}'\n" for n in range(1, 10))
    own = tmp_path / "mine.yaml"
    own.write_text(f"defaults: [ppo_trainer, base/ttrl, _self_]\nttrl:\n  reward_options:\n    x0: ha\n{levels}")
    with pytest.raises(InputError, match=r"^ttrl\.reward_options\.x\d stands for more than"):
        _ = compose_run(str(own)).values


@pytest.mark.slow
def test_a_chain_without_an_end_in_sight_is_one_line(tmp_path):
    levels = "".join(f"    x{n}: '${{ttrl.reward_options.x{n + 1}}}'\n" for n in range(3000))
    own = tmp_path / "mine.yaml"
    own.write_text(f"defaults: [ppo_trainer, base/ttrl, _self_]\nttrl:\n  reward_options:\n{levels}    x3000: ha\n")
    with pytest.raises(InputError, match=r"mine\.yaml: its interpolations lead from one to the next too far"):
        _ = compose_run(str(own)).values
