"""Alarms on literal series: silent on healthy runs, loud on collapses."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ttrl_verl.alarms.config import AlarmsConfig, Share
from ttrl_verl.alarms.rules import StepStats
from ttrl_verl.alarms.watch import Watch

HEALTHY = StepStats(
    step=1,
    prompts=8,
    top_answer="A",
    top_answer_share=0.3,
    top_label_share=0.375,
    answer_entropy=1.0,
    unparsed=0.1,
    truncated=0.0,
    length=200.0,
    no_signal=0.1,
    unanimous=0.1,
)


def fired(*steps: dict, base: StepStats = HEALTHY, config: AlarmsConfig | None = None) -> list[tuple[int, str]]:
    """Feed steps 1, 2, … that differ from the base as said, and return what fired where."""
    watch = Watch(config or AlarmsConfig())
    alarms = []
    for number, changes in enumerate(steps, start=1):
        alarms += watch.observe(replace(base, step=number, **changes))
    return [(alarm.step, alarm.alarm) for alarm in alarms]


def series(**values: list) -> list[dict]:
    """Return columns as steps."""
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


# The demo's measured steps 1 to 6: majority ratio up, unparsed 0.29 -> 0.02, answers of six continents.
DEMO = series(
    unparsed=[0.29, 0.12, 0.10, 0.05, 0.03, 0.02],
    answer_entropy=[0.81, 0.43, 0.45, 0.28, 0.22, 0.15],
    top_answer_share=[0.31, 0.36, 0.42, 0.38, 0.45, 0.36],
    no_signal=[0.0, 0.25, 0.25, 0.5, 0.5, 0.625],
    unanimous=[0.0, 0.25, 0.25, 0.5, 0.5, 0.625],
    length=[6.1, 5.2, 4.6, 4.1, 3.6, 3.4],
    flips=[None, None, None, 0.25, 0.125, 0.0],
    moved=[None, None, None, 0.25, 0.125, 0.125],
)


def test_the_demos_steps_raise_no_alarm():
    assert fired(*DEMO) == []


def test_a_run_that_has_learnt_all_raises_no_alarm():
    # 20 more steps in which each group agrees on what it said at first: no signal is left, and no entropy.
    done = {"answer_entropy": 0.0, "no_signal": 1.0, "unanimous": 1.0, "moved": 0.1, "flips": 0.0, "unparsed": 0.0}
    assert fired(*DEMO, *[{**done, "length": 3.2, "top_answer_share": 0.4}] * 20) == []


def test_data_with_one_common_answer_raises_no_alarm():
    # 95 % of the questions are to be answered "no", and the first votes say so: 0.95 and above is where this ends.
    common = {"top_label_share": 0.95, "top_answer_share": 0.7}
    assert fired(common, common, *[{"top_label_share": 0.95, "top_answer_share": 0.96}] * 20) == []
    # All labels alike at the start: nothing can be told.
    alike = {"top_label_share": 1.0, "top_answer_share": 0.8}
    assert fired(alike, alike, *[{**alike, "top_answer_share": 1.0}] * 20) == []


def test_longer_reasoning_raises_no_alarm():
    assert fired(*series(length=[200.0, 210.0, 300.0, 400.0, 500.0, 600.0, 700.0, 760.0])) == []


def test_one_answer_for_every_prompt():
    # Start 0.375 (the first labels); 0.375 + 0.8 * 0.625 = 0.875. Steps 4, 5, 6 are at or above it with one answer.
    shares = [0.3, 0.3, 0.5, 0.88, 0.95, 1.0, 1.0]
    assert fired(*series(top_answer_share=shares)) == [(6, "constant_answer")]
    changing = [{"top_answer_share": share, "top_answer": name} for share, name in zip(shares, "AABCDEF", strict=True)]
    assert fired(*changing) == []


def test_agreement_on_other_answers_than_at_first():
    # Below 5 % of the start for three steps; labels that moved tell it from a run that has learnt all.
    entropy = [1.0, 1.0, 0.04, 0.04, 0.04, 0.04]
    assert fired(*series(answer_entropy=entropy, moved=[None, None, 0.6, 0.7, 0.8, 0.8])) == [(5, "entropy_collapse")]
    assert fired(*series(answer_entropy=entropy, moved=[None, None, 0.2, 0.2, 0.3, 0.3])) == []


def test_agreement_before_any_prompt_is_seen_again():
    assert fired(*series(answer_entropy=[1.0, 0.9, 0.0, 0.0, 0.0])) == [(5, "entropy_collapse")]


@pytest.mark.parametrize("name", ["unparsed", "truncated"])
def test_a_share_that_rises(name):
    # Start 0.1; 0.35 is the limit.
    steps = [{name: value} for value in (0.1, 0.1, 0.3, 0.35, 0.5, 0.7)]
    assert fired(*steps) == [(6, name)]


@pytest.mark.parametrize("name", ["unparsed", "truncated"])
def test_a_share_that_is_past_the_ceiling_from_the_start(name):
    assert fired(*[{name: 0.95}] * 4) == [(3, name)]


def test_truncation_that_the_recipe_does_not_mind():
    assert fired(*[{"truncated": None}] * 5) == []


def test_a_length_hack():
    assert fired(*series(length=[200.0, 200.0, 30.0, 9.0, 5.0])) == [(5, "length_collapse")]
    assert fired(*series(length=[200.0, 200.0, 900.0, 1500.0, 3000.0])) == [(5, "length_explosion")]


def test_a_constant_reward():
    # Every kept reward is equal, and the responses disagree as ever.
    assert fired(*[{"no_signal": 1.0, "unanimous": 0.1}] * 3) == [(3, "no_signal")]


def test_questions_that_are_too_easy_from_the_start():
    assert fired(*[{"no_signal": 1.0, "unanimous": 1.0, "answer_entropy": 0.0}] * 3) == [(3, "no_signal")]


def test_votes_that_are_a_toss_up():
    assert fired(*[{"flips": 0.7}] * 6) == [(5, "label_flips")]
    assert fired(*[{"flips": value} for value in (0.7, 0.7, 0.3, 0.7, 0.7, 0.5) * 3]) == []


def test_an_alarm_fires_once_until_it_has_cleared():
    # Three within the limit clear it; fewer do not.
    hack = [{"length": 5.0}] * 4
    fine = {"length": 200.0}
    assert fired(fine, fine, *hack, fine, fine, *hack) == [(5, "length_collapse")]
    assert fired(fine, fine, *hack, fine, fine, fine, *hack) == [(5, "length_collapse"), (12, "length_collapse")]


def test_a_step_in_parts_counts_once():
    watch = Watch(AlarmsConfig())
    for step in (1, 1, 2, 2, 2):
        assert watch.observe(replace(HEALTHY, step=step, unparsed=0.95)) == []
    assert [alarm.alarm for alarm in watch.observe(replace(HEALTHY, step=3, unparsed=0.95))] == ["unparsed"]
    assert watch.observe(replace(HEALTHY, step=3, unparsed=0.95)) == []


def test_an_alarm_that_is_off():
    off = AlarmsConfig(unparsed={"action": "off", "threshold": 0.25})
    assert fired(*[{"unparsed": 0.95}] * 5, config=off) == []


def test_what_fired_says_what_was_seen_and_the_limit():
    watch = Watch(AlarmsConfig(constant_answer=Share(action="stop", threshold=0.5, patience=1)))
    watch.observe(HEALTHY)
    watch.observe(replace(HEALTHY, step=2))
    (alarm,) = watch.observe(replace(HEALTHY, step=3, top_answer="\x1b[31m" + "x" * 500, top_answer_share=0.9))
    assert (alarm.alarm, alarm.value, alarm.action) == ("constant_answer", 0.9, "stop")
    assert alarm.threshold == pytest.approx(0.6875)  # 0.375 + 0.5 * 0.625
    assert alarm.message.startswith("90% of all responses to all prompts say '\\x1b[31mxxx")
    assert "\x1b" not in alarm.message
    assert len(alarm.message) < 400


def test_nothing_to_watch_is_no_error():
    empty = replace(
        HEALTHY, top_answer=None, top_answer_share=0.0, top_label_share=0.0, answer_entropy=0.0, length=None
    )
    assert fired(*[{"unparsed": 0.5}] * 10, base=empty) == []


def test_responses_that_never_come_are_told_at_once():
    # 1 of 64 may fail; 7 of 64 are a worker.
    assert fired({"missing": 1 / 64}, {"missing": 0.0}, {"missing": 7 / 64}) == [(3, "missing")]


INFORMED = {"majority_ratio": 0.5, "information": 1.0, "information_z": 30.0}


def test_votes_that_know_nothing_of_the_question_at_the_start():
    # The animals' run: z 0.1, and the agreement rises all the same.
    steps = series(information_z=[0.1, -0.4, 0.3, None, None, None], majority_ratio=[0.2, 0.3, 0.5, 0.8, 0.9, 0.9])
    assert fired(*steps) == [(2, "no_information")]
    assert fired(*series(information_z=[2.0, 2.0, 0.0, 0.0])) == []  # at the limit, and at the start alone
    assert fired(*series(information_z=[1.0, 1.9, 1.9])) == [(2, "no_information")]
    # Mean of the first two is 2.5.
    assert fired(*series(information_z=[0.0, 5.0, 0.0, 0.0])) == []


def test_no_information_is_silent_where_nothing_can_be_told():
    assert fired(*[{"information_z": None}] * 5) == []
    # All pseudo-labels alike: the questions may have one true answer.
    assert fired(*[{"information_z": 0.1, "top_label_share": 1.0, "top_answer_share": 0.9}] * 5) == []


def test_information_that_falls_while_agreement_rises():
    rising, constant, falling = [0.5, 0.5, 0.7, 0.8, 0.9], [0.5] * 5, [0.5, 0.5, 0.4, 0.3, 0.3]
    lost = [1.0, 1.0, 0.49, 0.2, 0.0]
    for ratios, expected in ((rising, [(4, "information_lost")]), (constant, []), (falling, [])):
        steps = series(information=lost, majority_ratio=ratios)
        assert fired(*steps, base=replace(HEALTHY, **INFORMED)) == expected
    # Half of it is not less than half of it.
    steps = series(information=[1.0, 1.0, 0.5, 0.5, 0.5], majority_ratio=rising)
    assert fired(*steps, base=replace(HEALTHY, **INFORMED)) == []
    # What was chance at the start cannot be lost.
    steps = series(information=[0.01, 0.01, 0.0, 0.0, 0.0], majority_ratio=rising, information_z=[1.9] * 5)
    assert ("information_lost" in str(fired(*steps))) is False


@pytest.mark.parametrize(("steps", "at"), [(None, 5), (12, 5), (9, 5), (8, 4), (6, 4), (5, 4), (4, 3), (1, 3)], ids=str)
def test_a_short_run_is_not_waited_for(steps, at):
    # From step 3 on too short; a quarter of the run, rounded up, is waited for, and the recipe's 3 at most.
    watch = Watch(AlarmsConfig(), steps)
    alarms = []
    for step, length in enumerate([200.0, 200.0, 9.0, 9.0, 9.0, 9.0], start=1):
        alarms += watch.observe(replace(HEALTHY, step=step, length=length))
    assert [(alarm.step, alarm.alarm) for alarm in alarms] == [(at, "length_collapse")]
    assert ("for" in alarms[0].message.split(":")[0]) is (at > 3)


def test_the_demos_steps_raise_no_alarm_in_a_run_of_their_number():
    watch = Watch(AlarmsConfig(), len(DEMO))
    assert [watch.observe(replace(HEALTHY, step=n, **changes)) for n, changes in enumerate(DEMO, start=1)] == [[]] * 6


def test_the_start_is_the_mean_of_two_steps():
    # 300 and 100: 200. 45 is 22.5 % of it, above the limit of 20; of the first step alone it would be 15 %.
    assert fired(*series(length=[300.0, 100.0, 45.0, 45.0, 45.0])) == []
    assert fired(*series(length=[300.0, 100.0, 39.0, 39.0, 39.0])) == [(5, "length_collapse")]
    # A third step is no start: 200, and not 140.
    assert fired(*series(length=[300.0, 100.0, 20.0, 39.0, 39.0])) == [(5, "length_collapse")]


# Each alarm exactly at its limit, and a hair within: (what differs, past, within). The start is that of HEALTHY.
BORDERS = {
    "constant_answer": ("top_answer_share", 0.875, 0.8749),
    "unparsed": ("unparsed", 0.35, 0.3499),
    "truncated": ("truncated", 0.25, 0.2499),
    "length_collapse": ("length", 39.99, 40.0),
    "length_explosion": ("length", 800.01, 800.0),
    "no_signal": ("no_signal", 0.9, 0.8999),
    "missing": ("missing", 0.1, 0.0999),
    "entropy_collapse": ("answer_entropy", 0.0499, 0.05),
    "label_flips": ("flips", 0.6, 0.5999),
}


@pytest.mark.parametrize("name", BORDERS)
def test_each_alarm_at_its_border(name):
    key, past, within = BORDERS[name]
    start = [{}, {}]
    patience = getattr(AlarmsConfig(), name).patience
    assert fired(*start, *[{key: past}] * patience) == [(2 + patience, name)]
    assert fired(*start, *[{key: past}] * (patience - 1)) == []
    assert fired(*start, *[{key: within}] * 8) == []


def test_an_alarm_has_one_name():
    """The dataclass, the section's class and the recipe name the same alarms, with the same defaults."""
    from ttrl_verl.alarms.config import Watched
    from ttrl_verl.alarms.rules import ALARMS

    watched = {name for name, field in AlarmsConfig.model_fields.items() if issubclass(field.annotation, Watched)}
    assert [alarm.name for alarm in ALARMS] == list(dict.fromkeys(alarm.name for alarm in ALARMS))
    assert {alarm.name for alarm in ALARMS} == watched
    recipe = yaml.safe_load((Path(__file__).parents[2] / "recipes" / "base" / "ttrl.yaml").read_text())
    assert recipe["ttrl"]["alarms"] == AlarmsConfig().model_dump()


def test_a_step_of_which_nothing_came_is_missing_and_nothing_else():
    nothing = {
        "prompts": 0,
        "missing": 1.0,
        "top_answer": None,
        "top_answer_share": 0.0,
        "answer_entropy": 0.0,
        "length": None,
        "no_signal": 0.0,
    }
    assert fired({}, {}, *[nothing] * 4) == [(3, "missing")]
    assert fired(nothing, {}, {}, {}) == [(1, "missing")]


def test_labels_that_moved_away_from_the_frozen_models_fire_and_without_such_votes_nothing_does():
    assert fired(*series(off_prior=[0.1, 0.2, 0.5, 0.6, 0.6, 0.6])) == [(5, "label_moved")]
    assert fired(*series(off_prior=[None] * 6)) == fired(*series(off_prior=[0.4] * 6)) == []
