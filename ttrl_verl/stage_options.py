"""What verl hands the group stage, checked against each other before anything is started."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttrl_verl.config import TTRLConfig, parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.reward_fns import BoundReward
from ttrl_verl.reward_fns.apart import describe_check
from ttrl_verl.reward_fns.judge import Weighted
from ttrl_verl.validation import first_error

STAGE_SECTION = "trainer.v1.sampler.sampler_kwargs"


class StageOptions(BaseModel):
    """What verl hands the group stage: the keys of ``trainer.v1.sampler.sampler_kwargs`` in ``recipes/base/ttrl.yaml``.

    Attributes:
        ttrl: the section ``ttrl:``.
        reward: ``reward.reward_manager.name``.
        kept: ``actor_rollout_ref.rollout.n``, the responses of a group that are trained on.
        log_probs: ``actor_rollout_ref.rollout.calculate_log_probs``.
        adv_estimator: ``algorithm.adv_estimator``.
        run_dir: ``trainer.default_local_dir``.
        bypass: ``algorithm.rollout_correction.bypass_mode``; with it the trainer computes no log-probabilities.
        trainer_mode: ``trainer.v1.trainer_mode``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ttrl: TTRLConfig
    reward: str
    kept: int = Field(ge=1)
    log_probs: bool
    adv_estimator: str
    run_dir: str
    bypass: bool = False
    trainer_mode: str = "sync"

    @property
    def entropies(self) -> bool:
        """Whether the trainer computes the kept responses' entropies in the step in which they voted."""
        return computes_entropies(self.trainer_mode, bypass=self.bypass)


def computes_entropies(trainer_mode: str, *, bypass: bool) -> bool:
    """Return whether a trainer computes the kept responses' entropies in the step in which they voted."""
    return trainer_mode == "sync" and not bypass


def parse_stage_options(section: Mapping[str, Any]) -> StageOptions:
    """Return the group stage's options as an object, checked against each other.

    Args:
        section: ``trainer.v1.sampler.sampler_kwargs``, resolved, as a plain dictionary.

    Raises:
        InputError: a key is unknown, missing or has a value that is not allowed; or what ``check_run`` refuses.

    Example:
        >>> stage = {"reward": "majority_vote", "kept": 2, "log_probs": True, "adv_estimator": "grpo", "run_dir": "run"}
        >>> parse_stage_options({"ttrl": {"votes": 4, "answer_type": "math"}} | stage).kept
        2
        >>> parse_stage_options({"ttrl": {"votes": 4, "answer_type": "math"}, "keep": 2} | stage)
        Traceback (most recent call last):
        ttrl_verl.errors.InputError: trainer.v1.sampler.sampler_kwargs.keep is no key of this section; \
did you mean trainer.v1.sampler.sampler_kwargs.kept?
    """
    section = dict(section)
    if "ttrl" in section:
        section["ttrl"] = parse_ttrl_config(section["ttrl"])
    try:
        options = StageOptions.model_validate(section)
    except ValidationError as error:
        raise InputError(first_error(error, STAGE_SECTION, StageOptions)) from error
    check_run(
        options.ttrl,
        reward=options.reward,
        kept=options.kept,
        log_probs=options.log_probs,
        adv_estimator=options.adv_estimator,
        entropies=options.entropies,
    )
    return options


def check_run(
    config: TTRLConfig, *, reward: str, kept: int, log_probs: bool, adv_estimator: str, entropies: bool = True
) -> None:
    """Check the section against the rest of the run.

    Args:
        config: the section ``ttrl:``.
        reward: ``reward.reward_manager.name``.
        kept: ``actor_rollout_ref.rollout.n``, the responses of a group that are trained on.
        log_probs: ``actor_rollout_ref.rollout.calculate_log_probs``.
        adv_estimator: ``algorithm.adv_estimator``.
        entropies: whether the trainer computes them.

    Raises:
        InputError: fewer votes than kept responses, an unknown reward or option, or a reward that needs what the run
            does not give: labels, log-probabilities, its own advantage estimator.
    """
    if config.votes < kept:
        raise InputError(
            f"ttrl.votes is {config.votes}; expected at least actor_rollout_ref.rollout.n, the {kept} responses kept"
        )
    if config.rewards is not None and config.reward_options is not None:
        raise InputError("ttrl.reward_options and ttrl.rewards are both set; each entry of ttrl.rewards has options")
    config.build_answer_type()
    rewards = config.build_rewards(reward)
    given = config.given_fields(log_probs=log_probs, entropies=entropies)
    for bound, _ in rewards:
        _check_needs(bound, given)
        types = bound.reward.answer_types
        if types and config.answer_type not in types:
            raise InputError(
                f"ttrl.answer_type is {config.answer_type}; the reward {bound.name} reads {', '.join(types)}"
            )
        estimator = bound.reward.estimator
        if estimator is not None and len(rewards) > 1:
            raise InputError(f"ttrl.rewards: {bound.name} returns advantages; it cannot be added to other rewards")
        if adv_estimator != (estimator or adv_estimator):
            raise InputError(f"algorithm.adv_estimator is {adv_estimator}; the reward {bound.name} needs {estimator}")
    _check_stop(config, rewards)
    if config.check is not None:
        try:
            describe_check(config.check)
        except ValueError as error:
            raise InputError(f"ttrl.check: {error}") from error


def _check_stop(config: TTRLConfig, rewards: Sequence[Weighted]) -> None:
    """Check that a vote that ends early changes no reward.

    Raises:
        InputError: it would.
    """
    if config.stop == "never":
        if config.first_votes is not None:
            raise InputError("ttrl.first_votes is set; expected ttrl.stop: decided or likely with it, never asks all")
        return
    refused = f"ttrl.stop is {config.stop}; expected never with"
    if config.keep != "first":
        raise InputError(f"{refused} ttrl.keep: {config.keep}, which looks at every vote")
    if config.stop == "likely" and config.views is not None:
        raise InputError(
            "ttrl.stop is likely; expected never or decided with ttrl.views: its bound is for votes on one prompt"
        )
    for bound, _ in rewards:
        if bound.reward.sees != "label":
            raise InputError(f"{refused} the reward {bound.name}, which looks at every vote and not at the label alone")


_HOW = {
    "log_probs": "needs actor_rollout_ref.rollout.calculate_log_probs: true",
    "token_log_probs": "needs token_log_probs: actor_rollout_ref.rollout.calculate_log_probs: true",
    "history": "needs history: ttrl.audit: true puts each visit on record",
    "prior": "needs prior: ttrl.prior names a file of votes, which `ttrl-verl vote` writes",
    "entropies": "needs entropies: trainer_mode=sync and algorithm.rollout_correction.bypass_mode=false",
    "token_entropies": "needs token_entropies: trainer_mode=sync and algorithm.rollout_correction.bypass_mode=false",
    "views": "needs views: ttrl.views names two or more, such as [as_written, column paraphrase]",
    "checks": "needs checks: ttrl.check names a function that gives them",
}
"""How a run comes to give a field."""


def _check_needs(bound: BoundReward, given: frozenset[str]) -> None:
    """Check that a run gives what a reward needs.

    Raises:
        InputError: it does not.
    """
    if "label" in bound.reward.fields and "label" not in given:
        raise InputError(
            f"the reward {bound.name} trains on labels; a recipe that means it says ttrl.allow_labels: true"
        )
    for field in bound.reward.needs:
        if field not in given:
            otherwise = f"needs {field}, which this run cannot give; it gives {', '.join(sorted(given))}"
            raise InputError(f"the reward {bound.name} {_HOW.get(field, otherwise)}")
