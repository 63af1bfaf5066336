"""The table of all methods: what is run in which order, and gains over the control by hand."""

import json
import threading

import methods
import methods_tables as tables
import pytest

from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.demo.tasks import chosen_task
from ttrl_verl.preflight.findings import check_config
from ttrl_verl.reward_fns import REWARD_FNS

SOURCES = ("plurals_adapted", "plurals_heldout")
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
    monkeypatch.setattr(methods, "_ttrl_verl", lambda arguments, cores: there.append(left.parent.exists()) or 1)
    assert methods.run(tmp_path, "continents", "random", 0, [0]) is False
    assert there == [False]


def test_two_runs_at_once_have_cores_of_their_own_and_one_that_fails_is_no_row(tmp_path, monkeypatch):
    both, on = threading.Barrier(2, timeout=30), {}

    def run(out, task, reward, seed, cores):
        both.wait()  # until the other one runs, too
        on[reward] = cores
        return reward != "random"

    monkeypatch.setattr(methods, "run", run)
    monkeypatch.setattr(methods, "measured", lambda folder: {"of": folder.name})
    file = tmp_path / "cells.jsonl"
    left = [("plurals", "random", 0), ("plurals", "oracle", 1)]
    written = methods.run_all(tmp_path, file, left, methods.shared_out([3, 5], 2))
    assert sorted(on.values()) == [[3], [5]]
    assert written == [{"task": "plurals", "reward": "oracle", "seed": 1, "sources": {"of": "plurals-oracle-1"}}]
    assert [json.loads(line) for line in file.read_text().splitlines()] == written


def test_votes_that_cannot_be_made_end_the_command_and_nothing_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(methods, "_ttrl_verl", lambda arguments, cores: 1)
    left = [("plurals", "offline", 0), ("plurals", "offline", 1)]
    with pytest.raises(SystemExit, match=r"plurals\.parquet: could not be made"):
        methods.run_all(tmp_path, tmp_path / "cells.jsonl", left, [[0]])


def test_gains_are_over_the_controls_own_question_by_question():
    # a: 0.5 - 0, b: 0.3 - 0.1: mean 0.35, deviation 0.2121 / sqrt 2 = 0.15.
    controls = [{"a": 0.1, "b": 0.1}, {"a": -0.1, "b": 0.1}]
    gain = tables.gain_over_control({"a": 0.5, "b": 0.3, "c": 1.0}, controls)
    assert (gain.value, gain.error) == pytest.approx((0.35, 0.15))
    assert tables.gain_over_control({"a": 0.5}, []) is None


def rows(*runs):
    """Return rows of runs: reward, changes of questions 1 and 2, adapted and held out alike, majority's accuracy."""

    def told(changes, majority):
        figures = {"avg": 0.5, "greedy": None, "maj": majority, "pass": 1.0, "missing": 0.25}
        return {"before": {**figures, "maj": 0.75}, "after": figures, "changes": dict(zip("12", changes, strict=True))}

    return [
        {"task": "plurals", "reward": name, "seed": seed, "sources": dict.fromkeys(SOURCES, told(changes, majority))}
        for seed, (name, changes, majority) in enumerate(runs)
    ]


def test_the_table_of_runs_names_the_walk_and_holds_runs_against_it():
    lines = tables.runs_table(rows(("random", (0.1, -0.1), 0.75), ("majority_vote", (0.4, 0.2), 0.5)))
    figures = "0.500 → 0.500 | - → - | 0.750 → 0.500 | 1.000 → 1.000 | 0.250 → 0.250"
    assert lines[2] == f"| plurals_adapted | majority_vote, 1 | {figures} | +0.300 ± 0.100 | +0.300 ± 0.000 |"
    assert lines[4].endswith("| +0.000 ± 0.100 | - |")
    assert lines[-1] == "- The control on plurals, plurals_heldout: +0.000."


def test_a_tasks_table_is_of_means_over_seeds_by_the_gain_held_out():
    # Seeds' changes of question 1: 0.4 and 0.2, of 2: 0.2 and 0: means 0.3 and 0.1; the control's 0.1 and -0.1.
    runs = rows(
        ("random", (0.1, -0.1), 0.75),
        ("majority_vote", (0.4, 0.2), 0.5),
        ("majority_vote", (0.2, 0.0), 1.0),
        ("oracle", (0.5, 0.5), 1.0),
    )
    lines = tables.task_tables(runs)
    assert lines[0] == "Plurals (avg@16):"
    assert [line.split(" | ")[0] for line in lines[4:7]] == ["| `oracle`", "| `majority_vote`", "| `random`"]
    gains = "+0.200 ± 0.100 | +0.200 ± 0.100 | +0.200 ± 0.000 | +0.200 ± 0.000"
    assert lines[5] == f"| `majority_vote` | 2 | {gains} | 0.750 → 0.750 | +0.300, +0.100 |"
    assert lines[6].split(" | ")[4:6] == ["-", "-"]
    # sqrt((0.1² + 0.1²) / 1); the oracle and the control have one seed.
    of = "0.141 adapted, 0.141 held out, over 1 with two seeds or more"
    before = "of the model before, sampled 4 times: mean 0.750, standard deviation 0.000."
    assert lines[7:] == [
        "",
        f"- Standard deviation between the seeds of a reward: {of}.",
        f"- maj@16 adapted {before}",
        f"- maj@16 held out {before}",
    ]


def test_what_lies_between_rewards_is_told_of_two_with_two_seeds_each():
    seeds = [(0.4, 0.2), (0.2, 0.0)]
    runs = [("random", (0.1, -0.1), 0.75), *(("majority_vote", changes, 0.75) for changes in seeds)]
    runs += [("certainty", changes, after) for changes, after in zip(seeds, (0.25, 0.75), strict=True)]
    lines = tables.task_tables(rows(*runs))
    # Both rewards have the same two gains: MSB = 0 and n0 = 2 make the share -1.
    share = "−1.00 (as much by chance: 1.000)"
    said = f"between 2 rewards, controls aside: {share} adapted, {share} held out."
    assert f"- Share of the variance of the gain that lies {said}" in lines
    assert not any("`certainty` aside" in line for line in lines)  # one reward is left
    # 0.75, 0.75 and 0.25, 0.75: MSB = 4 · 0.125², MSW = 2 · 0.25² / 2, which are the same.
    after = "mean 0.625, standard deviation between seeds 0.250, share of its variance between 2 rewards 0.00"
    assert any(line.startswith(f"- maj@16 held out after, of 4 runs, controls aside: {after}") for line in lines)


def test_between_groups_is_by_hand_and_unequal_groups_count_by_their_size():
    # means 1, 4 and 2 of 2, 3 and 2 runs, 18/7 over all; n0 = (7 - 17/7) / 2
    share, chance, count = tables.between_groups([[0.5, 1.5], [3, 4, 5], [1.5, 2.5], [9]])
    above = (2 * (11 / 7) ** 2 + 3 * (10 / 7) ** 2 + 2 * (4 / 7) ** 2) / 2
    within = (0.5 + 2 + 0.5) / 4
    assert share == pytest.approx((above - within) / (above + (16 / 7 - 1) * within))
    assert 0.01 < chance < 0.2
    assert count == 3


def test_groups_that_do_not_differ_have_a_share_below_zero_and_all_of_chance():
    share, chance, _ = tables.between_groups([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])
    assert share == -1
    assert chance == 1
    assert tables.between_groups([[1.0, 2.0], [3.0]]) is None


def test_without_the_control_nothing_is_held_against_it():
    line = tables.task_tables(rows(("oracle", (0.5, 0.5), 1.0)))[4]
    assert line.split(" | ")[4:6] == ["-", "-"]


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
