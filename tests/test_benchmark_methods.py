"""The table of all methods: what is run in which order, and gains over the control by hand."""

import importlib.util
from pathlib import Path

import pytest

from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.demo.tasks import chosen_task
from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.preflight.findings import check_config
from ttrl_verl.reward_fns import REWARD_FNS

_SPEC = importlib.util.spec_from_file_location("methods", Path(__file__).parent.parent / "benchmarks" / "methods.py")
methods = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(methods)

# These are not compared by the demo's answers: boxes, free text, a check, and one that rewards nothing by itself.
ELSEWHERE = {"region_vote", "soft_consensus", "verified_vote", "agreement_band"}


def test_every_reward_is_in_the_table():
    assert set(methods.METHODS) == set(REWARD_FNS) - ELSEWHERE


def test_first_seeds_come_first_and_three_rewards_have_three():
    found = methods.cells(["continents"], ["majority_vote", "novelty"], None)
    assert found == [
        ("continents", "majority_vote", 0),
        ("continents", "novelty", 0),
        ("continents", "majority_vote", 1),
        ("continents", "novelty", 1),
        ("continents", "majority_vote", 2),
    ]
    assert len(methods.cells(["continents", "plurals"], [], 1)) == 2 * len(methods.METHODS)


def test_what_a_killed_run_left_is_not_in_the_way_of_the_next(tmp_path, monkeypatch):
    left = tmp_path / "continents-random-0" / "manifest.json"
    left.parent.mkdir()
    left.write_text("{}")
    there = []
    monkeypatch.setattr(methods, "_ttrl_verl", lambda arguments: there.append(left.parent.exists()) or 1)
    assert methods.run(tmp_path, "continents", "random", 0) is False
    assert there == [False]


def test_gains_are_over_the_controls_own_question_by_question():
    # a: 0.5 - 0, b: 0.3 - 0.1: mean 0.35, deviation 0.2121 / sqrt 2 = 0.15.
    controls = [{"a": 0.1, "b": 0.1}, {"a": -0.1, "b": 0.1}]
    gain = methods.gain_over_control({"a": 0.5, "b": 0.3, "c": 1.0}, controls)
    assert (gain.value, gain.error) == pytest.approx((0.35, 0.15))
    assert methods.gain_over_control({"a": 0.5}, []) is None


def test_the_table_names_the_walk_and_holds_runs_against_it():
    def told(*changes):
        figures = {"avg": 0.5, "greedy": None, "maj": 0.75, "pass": 1.0, "missing": 0.25}
        return {"before": figures, "after": figures, "changes": dict(zip("ab", changes, strict=True))}

    rows = [
        {"task": "continents", "reward": name, "seed": 0, "sources": {"adapted": told(*changes)}}
        for name, changes in (("random", (0.1, -0.1)), ("majority_vote", (0.4, 0.2)))
    ]
    lines = methods.table(rows)
    first = "| adapted | majority_vote, 0 | 0.500 → 0.500 | - → - | 0.750 → 0.750 | 1.000 → 1.000 | 0.250 → 0.250 | "
    assert lines[2] == first + "+0.300 ± 0.100 | +0.300 ± 0.000 |"
    assert lines[3].endswith("| +0.000 ± 0.100 | - |")
    assert lines[4] == "control on continents, adapted: +0.000 (1 seeds)"
    assert Mean.of([0.3, 0.3]).error == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "task"),
    [(name, "plurals") for name in methods.METHODS]
    # one of each kind of settings, on pictures
    + [(name, methods.DIGITS) for name in ("majority_vote", "soft_pseudo_label", "offline", "harmonic", "certainty")],
)
def test_each_composes_and_is_refused_nothing(name, task, tmp_path):
    vision = task == methods.DIGITS
    chosen = chosen_task(None if vision else task, vision=vision, single=False, questions=None, heldout=None)
    settings = methods.settings_of(task, name, lambda: tmp_path / "votes.parquet")
    reward = [f"reward.reward_manager.name={name}", *(["ttrl.reward_options=null"] if name != chosen.reward else [])]
    check_config(compose_run(chosen.recipe, [*chosen.overrides, *reward, *settings]))
