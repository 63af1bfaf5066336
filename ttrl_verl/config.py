"""The config section ``ttrl:``, checked before anything is started."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttrl_verl.alarms.config import AlarmsConfig
from ttrl_verl.errors import InputError, nearest
from ttrl_verl.reward_fns import get_reward_fn
from ttrl_verl.reward_fns.answers import AnswerType, get_answer_type

if TYPE_CHECKING:
    from ttrl_verl.questions.read import Layout

STAGE_SECTION = "trainer.v1.sampler.sampler_kwargs"


class TTRLConfig(BaseModel):
    """The section ``ttrl:`` of a recipe. ``recipes/base/ttrl.yaml`` holds the defaults and says what each key is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    votes: int = Field(ge=1)
    answer_type: Literal["math", "number", "choice", "text"]
    choices: int | list[str] = 4
    last_number: bool = False
    truncated: Literal["no_answer", "keep"] = "no_answer"
    reward_options: dict[str, Any] | None = None
    label_key: str | None = None
    system_prompt: str | None = None
    prompt_suffix: str | None = None
    image_root: str | None = None
    min_pixels: int | None = Field(default=None, ge=1, le=10_000_000)
    max_pixels: int | None = Field(default=None, ge=1)
    val_greedy: bool = False
    val_samples: int = Field(default=1, ge=1)
    poll_interval: float = Field(default=0.5, gt=0, le=60)
    allow_labels: bool = False
    audit: bool = True
    alarms: AlarmsConfig = AlarmsConfig()

    def layout(self, prompt_key: str, image_key: str = "images") -> "Layout":
        """Return how question files are read: ``data.prompt_key``, ``data.image_key`` and this section's keys."""
        # pyarrow, which a dry run does not need.
        from ttrl_verl.questions.images import ImageLayout
        from ttrl_verl.questions.read import Layout

        images = ImageLayout(image_key, self.image_root, self.min_pixels, self.max_pixels)
        return Layout(prompt_key, self.label_key, self.system_prompt, self.prompt_suffix, images)

    @classmethod
    def answer_keys(cls) -> tuple[str, ...]:
        """Return the keys that say how an answer is read: those that ``build_answer_type`` looks at."""
        return ("answer_type", "choices", "last_number")

    def build_answer_type(self) -> AnswerType:
        """Return the answer type that ``answer_type`` and ``choices`` name.

        Raises:
            InputError: ``choices`` is no list of at least two distinct words, nor a number from 2 to 26.
        """
        try:
            return get_answer_type(self.answer_type, choices=self.choices, last_number=self.last_number)
        except ValueError as error:
            raise InputError(f"ttrl.{error}") from error


class StageOptions(BaseModel):
    """What verl hands the group stage: the keys of ``trainer.v1.sampler.sampler_kwargs`` in ``recipes/base/ttrl.yaml``.

    Attributes:
        ttrl: the section ``ttrl:``.
        reward: ``reward.reward_manager.name``.
        kept: ``actor_rollout_ref.rollout.n``, the responses of a group that are trained on.
        log_probs: ``actor_rollout_ref.rollout.calculate_log_probs``.
        adv_estimator: ``algorithm.adv_estimator``.
        run_dir: ``trainer.default_local_dir``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ttrl: TTRLConfig
    reward: str
    kept: int = Field(ge=1)
    log_probs: bool
    adv_estimator: str
    run_dir: str


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
        raise InputError(_first_error(error, STAGE_SECTION, StageOptions)) from error
    check_run(
        options.ttrl,
        reward=options.reward,
        kept=options.kept,
        log_probs=options.log_probs,
        adv_estimator=options.adv_estimator,
    )
    return options


def parse_ttrl_config(section: Mapping[str, Any]) -> TTRLConfig:
    """Return the section ``ttrl:`` as an object.

    Args:
        section: the composed and resolved section, as a plain dictionary.

    Raises:
        InputError: a key is unknown, missing or has a value that is not allowed. The message names the key, the value
            and what is allowed.

    Example:
        >>> parse_ttrl_config({"votes": 64, "answer_type": "math"}).truncated
        'no_answer'
        >>> parse_ttrl_config({"votes": 64, "answer_type": "math", "vote": 1})
        Traceback (most recent call last):
        ttrl_verl.errors.InputError: ttrl.vote is no key of this section; did you mean ttrl.votes?
    """
    try:
        config = TTRLConfig.model_validate(dict(section))
    except ValidationError as error:
        raise InputError(_first_error(error, "ttrl", TTRLConfig)) from error
    config.build_answer_type()
    least, most = config.min_pixels, config.max_pixels
    if least and most and least > most:
        raise InputError(f"ttrl.min_pixels is {least}; expected at most ttrl.max_pixels, {most}")
    return config


def check_run(config: TTRLConfig, *, reward: str, kept: int, log_probs: bool, adv_estimator: str) -> None:
    """Check the section against the rest of the run.

    Args:
        config: the section ``ttrl:``.
        reward: ``reward.reward_manager.name``.
        kept: ``actor_rollout_ref.rollout.n``, the responses of a group that are trained on.
        log_probs: ``actor_rollout_ref.rollout.calculate_log_probs``.
        adv_estimator: ``algorithm.adv_estimator``.

    Raises:
        InputError: fewer votes than kept responses, an unknown reward or option, or a reward that needs what the run
            does not give: labels, log-probabilities, its own advantage estimator.
    """
    if config.votes < kept:
        raise InputError(
            f"ttrl.votes is {config.votes}; expected at least actor_rollout_ref.rollout.n, the {kept} responses kept"
        )
    try:
        needs = get_reward_fn(reward, **(config.reward_options or {})).reward
    except ValueError as error:
        raise InputError(f"reward.reward_manager.name and ttrl.reward_options: {error}") from error
    if "label" in needs.fields and not config.allow_labels:
        raise InputError(f"the reward {reward} trains on labels; a recipe that means it says ttrl.allow_labels: true")
    if "log_probs" in needs.needs and not log_probs:
        raise InputError(f"the reward {reward} needs actor_rollout_ref.rollout.calculate_log_probs: true")
    if adv_estimator != (needs.estimator or adv_estimator):
        raise InputError(f"algorithm.adv_estimator is {adv_estimator}; the reward {reward} needs {needs.estimator}")


def _first_error(error: ValidationError, root: str, model: type[BaseModel]) -> str:
    """Return what is wrong in a line: a misspelt key first, for what it left unset is missing too."""
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    path = [str(part) for part in first["loc"] if part not in ("int", "list[str]")]
    key = ".".join([root, *path])
    section, known = ".".join([root, *path[:-1]]), _keys(model, path[:-1])
    if first["type"] == "extra_forbidden":
        near = nearest(path[-1], known)
        hint = f"did you mean {section}.{near}?" if near else f"its keys are {', '.join(known)}"
        return f"{key} is no key of this section; {hint}"
    if first["type"] == "missing":
        return f"{key} is missing; expected {known[path[-1]].annotation}"
    return f"{key} is {first['input']!r}; {first['msg'][0].lower()}{first['msg'][1:]}"


def _keys(model: Any, path: Sequence[str]) -> Mapping[str, Any]:
    """Return the fields of a section within a model, by name."""
    for name in path:
        model = model.model_fields[name].annotation
        if not hasattr(model, "model_fields"):
            return {}
    return model.model_fields
