import pytest
from omegaconf import OmegaConf

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.stage_options import StageOptions, check_run, parse_stage_options

SECTION = {"votes": 16, "answer_type": "number"}
RUN = {"reward": "majority_vote", "kept": 8, "log_probs": True, "adv_estimator": "grpo"}


def test_a_good_section_is_taken():
    config = parse_ttrl_config(SECTION | {"choices": ["yes", "no"], "reward_options": {"alpha": 0.5}})
    assert (config.votes, config.choices, config.reward_options) == (16, ["yes", "no"], {"alpha": 0.5})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vots": 1}, "ttrl.vots is no key of this section; did you mean ttrl.votes?"),
        ({"zzz": 1}, "ttrl.zzz is no key of this section; its keys are votes, answer_type"),
        ({"min_votes": 17}, "ttrl.min_votes is 17; expected at most ttrl.votes, 16"),
        ({"min_votes": 0}, "ttrl.min_votes is 0; input should be greater than or equal to 1"),
        ({"history": 0}, "ttrl.history is 0; input should be greater than or equal to 1"),
        ({"views": ["as_written"]}, "ttrl.views is ['as_written']; list should have at least 2 items"),
        (
            {"views": ["as_written", "rotate far"]},
            "ttrl.views has 'rotate far'; expected rotate and a number from -360",
        ),
        ({"views": ["as_written", "colum p"]}, "ttrl.views has 'colum p'; expected as_written, column NAME"),
        ({"views": ["as_written", "as_written"]}, "ttrl.views has 'as_written' twice"),
        ({"retries": -1}, "ttrl.retries is -1; input should be greater than or equal to 0"),
        ({"votes": 0}, "ttrl.votes is 0; input should be greater than or equal to 1"),
        ({"votes": "16"}, "ttrl.votes is '16'; input should be a valid integer"),
        (
            {"answer_type": "maths"},
            "ttrl.answer_type: unknown answer type 'maths'; expected one of box, choice, free, json, math, number, "
            "text, pkg://module:function or file.py:function; did you mean math?",
        ),
        ({"rewards": []}, "ttrl.rewards is []; list should have at least 1 item"),
        (
            {"rewards": [{"nam": "oracle"}]},
            "ttrl.rewards.0.nam is no key of this section; did you mean ttrl.rewards.0.name",
        ),
        ({"keep": "last"}, "ttrl.keep is 'last'; input should be 'first', 'balanced' or 'spread'"),
        ({"answer_type": "choice", "choices": 27}, "ttrl.choices is 27; expected 2 to 26 options"),
        ({"answer_type": "choice", "choices": [1, 2]}, "ttrl.choices.0 is 1; input should be a valid string"),
        ({"answer_type": "choice", "choices": 1.5}, "ttrl.choices is 1.5; input should be a valid integer"),
        ({"answer_type": "choice", "choices": ["yes"]}, "ttrl.choices is ['yes']; expected at least two"),
        ({"patience_seconds": 0}, "ttrl.patience_seconds is 0; input should be greater than or equal to 1"),
        ({"poll_interval": 0.0}, "ttrl.poll_interval is 0.0; input should be greater than 0"),
    ],
)
def test_a_bad_section_names_the_key_the_value_and_what_is_allowed(changes, message):
    with pytest.raises(InputError) as error:
        parse_ttrl_config(SECTION | changes)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("alarms", "message"),
    [
        ({"no_signl": {}}, "ttrl.alarms.no_signl is no key of this section; did you mean ttrl.alarms.no_signal?"),
        (
            {"no_signal": {"treshold": 1.0}},
            "ttrl.alarms.no_signal.treshold is no key of this section; did you mean ttrl.alarms.no_signal.threshold?",
        ),
        (
            {"no_signal": {"threshold": 1.5}},
            "ttrl.alarms.no_signal.threshold is 1.5; input should be less than or equal",
        ),
        ({"no_signal": {"threshold": 1.0, "patience": 0}}, "ttrl.alarms.no_signal.patience is 0; input should be"),
        (
            {"no_signal": {"action": "halt"}},
            "ttrl.alarms.no_signal.action is 'halt'; input should be 'off', 'log', 'warn'",
        ),
        (
            {"data_changed": {"threshold": 1.0}},
            "ttrl.alarms.data_changed.threshold is no key of this section; its keys",
        ),
    ],
)
def test_a_bad_alarm_names_the_key_the_value_and_what_is_allowed(alarms, message):
    with pytest.raises(InputError) as error:
        parse_ttrl_config(SECTION | {"alarms": alarms})
    assert str(error.value).startswith(message)


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match=r"ttrl\.votes is missing"):
        parse_ttrl_config({"answer_type": "math"})


def test_fewer_votes_than_kept_are_refused():
    with pytest.raises(InputError, match=r"ttrl\.votes is 16; expected at least .* the 32 responses kept"):
        check_run(parse_ttrl_config(SECTION), **RUN | {"kept": 32})


def test_an_unknown_reward_lists_the_known_ones():
    with pytest.raises(InputError, match=r"unknown reward 'majority'; expected one of .*majority_vote"):
        check_run(parse_ttrl_config(SECTION), **RUN | {"reward": "majority"})


def test_an_option_of_another_reward_is_refused():
    config = parse_ttrl_config(SECTION | {"reward_options": {"alpha": 1.0}})
    with pytest.raises(InputError, match="the reward majority_vote has no option alpha"):
        check_run(config, **RUN)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"reward": "oracle"}, r"the reward oracle trains on labels; .* ttrl\.allow_labels: true"),
        ({"reward": "confidence_vote", "log_probs": False}, "confidence_vote needs .*calculate_log_probs: true"),
        ({"reward": "soft_pseudo_label"}, "adv_estimator is grpo; .*soft_pseudo_label needs reward_as_advantage"),
    ],
)
def test_a_reward_that_needs_what_the_run_does_not_give_is_refused(run, message):
    with pytest.raises(InputError, match=message):
        check_run(parse_ttrl_config(SECTION), **RUN | run)


@pytest.mark.parametrize("reward", ["pooled", "guarded"])
def test_without_a_record_there_is_no_history(reward):
    with pytest.raises(InputError, match=rf"the reward {reward} needs history: ttrl\.audit: true"):
        check_run(parse_ttrl_config(SECTION | {"audit": False}), **RUN | {"reward": reward})


@pytest.mark.parametrize("reward", ["offline", "agreement_band"])
def test_without_a_file_of_votes_there_is_no_prior(reward):
    with pytest.raises(InputError, match=rf"the reward {reward} needs prior: ttrl\.prior names a file of votes"):
        check_run(parse_ttrl_config(SECTION), **RUN | {"reward": reward})


@pytest.mark.parametrize("reward", ["certainty", "relative_confidence", "forking", "scrl"])
@pytest.mark.parametrize("changes", [{"bypass": True}, {"trainer_mode": "colocate_async"}])
def test_where_the_trainer_computes_no_entropies_in_time_they_are_refused(reward, changes):
    with pytest.raises(InputError, match=r"entropies: trainer_mode=sync and .*bypass_mode=false"):
        parse_stage_options(STAGE | {"reward": reward} | changes)
    assert parse_stage_options(STAGE | {"reward": reward}).entropies


@pytest.mark.parametrize("reward", ["harmonic", "crossed"])
def test_without_views_there_is_nothing_to_compare(reward):
    with pytest.raises(InputError, match=rf"the reward {reward} needs views: ttrl\.views names two or more"):
        check_run(parse_ttrl_config(SECTION), **RUN | {"reward": reward})


def test_the_oracle_is_taken_where_the_recipe_means_it():
    check_run(parse_ttrl_config(SECTION | {"allow_labels": True}), **RUN | {"reward": "oracle"})


@pytest.mark.parametrize("reward", ["majority_vote", "constant"])
@pytest.mark.parametrize("stop", ["decided", "likely"])
def test_votes_may_end_early_for_rewards_that_look_at_the_label_alone(reward, stop):
    check_run(parse_ttrl_config(SECTION | {"stop": stop, "first_votes": 16}), **RUN | {"reward": reward})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"stop": "decided"},
            "ttrl.stop is decided; expected never with the reward empirical_entropy, which looks at ",
        ),
        (
            {"stop": "likely", "rewards": [{"name": "majority_vote"}, {"name": "empirical_entropy"}]},
            "empirical_entropy",
        ),
        ({"stop": "decided", "keep": "balanced"}, "ttrl.stop is decided; expected never with ttrl.keep: balanced"),
        ({"first_votes": 8}, "ttrl.first_votes is set; expected ttrl.stop: decided or likely with it"),
        (
            {"stop": "likely", "views": ["as_written", "rotate 5"]},
            "ttrl.stop is likely; expected never or decided with ttrl.views",
        ),
    ],
)
def test_votes_that_others_count_do_not_end_early(section, message):
    with pytest.raises(InputError, match=message):
        check_run(parse_ttrl_config(SECTION | section), **RUN | {"reward": "empirical_entropy"})


@pytest.mark.parametrize(
    ("section", "reward", "leave"),
    [
        ({}, "majority_vote", True),
        ({}, "confidence_vote", True),  # the mean log-probability stays
        ({"rewards": [{"name": "majority_vote"}, {"name": "thresholded"}]}, "majority_vote", True),
        ({"keep": "spread"}, "majority_vote", False),  # any response may be kept
        ({}, "mine.py:rarest", False),  # as may a user's own reward
    ],
)
def test_responses_that_only_vote_leave_their_tokens_where_nobody_needs_them(section, reward, leave):
    assert parse_ttrl_config(SECTION | section).voters_leave_tokens(reward) is leave


STAGE = {
    "ttrl": SECTION,
    "reward": "majority_vote",
    "kept": 8,
    "log_probs": True,
    "adv_estimator": "grpo",
    "run_dir": "r",
}


@pytest.mark.slow
def test_the_stages_options_are_the_recipes_keys():
    composed = compose_recipe("ttrl_aime24", ["actor_rollout_ref.model.path=m", "data.train_files=q.jsonl"])
    section = OmegaConf.to_container(composed.trainer.v1.sampler.sampler_kwargs, resolve=True)
    assert set(section) == set(StageOptions.model_fields)
    options = parse_stage_options(section)
    assert (options.reward, options.kept, options.log_probs) == ("majority_vote", 32, True)
    assert options.ttrl.votes == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keep": 8}, "trainer.v1.sampler.sampler_kwargs.keep is no key of this section; did you mean .*kept"),
        ({"kept": None}, "trainer.v1.sampler.sampler_kwargs.kept is None; input should be a valid integer"),
        ({"kept": 0}, "trainer.v1.sampler.sampler_kwargs.kept is 0; input should be greater than or equal to 1"),
        ({"log_probs": "yes"}, "trainer.v1.sampler.sampler_kwargs.log_probs is 'yes'; input should be a valid boolean"),
        ({"ttrl": SECTION | {"vote": 1}}, r"ttrl\.vote is no key of this section; did you mean ttrl\.votes\?"),
        ({"kept": 17}, r"ttrl\.votes is 16; expected at least .* the 17 responses kept"),
    ],
)
def test_a_wrong_option_of_the_stage_is_told_in_one_line(change, message):
    with pytest.raises(InputError, match=f"^{message}") as error:
        parse_stage_options(STAGE | change)
    assert "\n" not in str(error.value)


def test_a_missing_option_of_the_stage_is_named():
    with pytest.raises(InputError, match=r"^trainer\.v1\.sampler\.sampler_kwargs\.run_dir is missing"):
        parse_stage_options({key: value for key, value in STAGE.items() if key != "run_dir"})
