"""The config section ``ttrl:``, checked before anything is started."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttrl_verl.alarms.config import AlarmsConfig
from ttrl_verl.errors import InputError, nearest
from ttrl_verl.reward_fns import BoundReward
from ttrl_verl.reward_fns.answers import AnswerType, get_answer_type
from ttrl_verl.reward_fns.apart import describe_check, describe_reward
from ttrl_verl.reward_fns.judge import Weighted
from ttrl_verl.reward_fns.names import is_elsewhere

if TYPE_CHECKING:
    from ttrl_verl.questions.read import Layout

STAGE_SECTION = "trainer.v1.sampler.sampler_kwargs"


class WeightedName(BaseModel):
    """One entry of ``ttrl.rewards``.

    Attributes:
        name: of the reward.
        weight: what its rewards are multiplied by in the sum.
        options: its keyword arguments.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    weight: float = Field(default=1.0, allow_inf_nan=False)
    options: dict[str, Any] | None = None


class TTRLConfig(BaseModel):
    """The section ``ttrl:`` of a recipe. ``recipes/base/ttrl.yaml`` holds the defaults and says what each key is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    votes: int = Field(ge=1)
    answer_type: str
    choices: int | list[str] = 4
    last_number: bool = False
    truncated: Literal["no_answer", "keep"] = "no_answer"
    json_field: str | None = None
    min_votes: int | None = Field(default=None, ge=1)
    retries: int = Field(default=2, ge=0, le=20)
    max_refills: int = Field(default=10, ge=1)
    reward_options: dict[str, Any] | None = None
    rewards: list[WeightedName] | None = Field(default=None, min_length=1)
    check: str | None = None
    keep: Literal["first", "balanced", "spread"] = "first"
    label_key: str | None = None
    type_key: str | None = "answer_type"
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

    @property
    def least_votes(self) -> int:
        """The responses that a group needs to vote: ``min_votes``, by default half of the votes, rounded up."""
        return -(-self.votes // 2) if self.min_votes is None else self.min_votes

    def layout(self, prompt_key: str, image_key: str = "images") -> "Layout":
        """Return how question files are read: ``data.prompt_key``, ``data.image_key`` and this section's keys."""
        # pyarrow, which a dry run does not need.
        from ttrl_verl.questions.images import ImageLayout
        from ttrl_verl.questions.read import Layout

        images = ImageLayout(image_key, self.image_root, self.min_pixels, self.max_pixels)
        return Layout(prompt_key, self.label_key, self.system_prompt, self.prompt_suffix, images, self.type_key)

    @classmethod
    def answer_keys(cls) -> tuple[str, ...]:
        """Return the keys that say how an answer is read: those that ``build_answer_type`` looks at."""
        return ("answer_type", "choices", "last_number", "json_field")

    def build_answer_type(self) -> AnswerType:
        """Return the answer type that ``answer_type`` names, with the keys that are for it.

        Raises:
            InputError: the type is unknown or cannot be loaded; or ``choices`` is no list of at least two distinct
                words, nor a number from 2 to 26.
        """
        kinds = {"choices": self.choices, "last_number": self.last_number, "field": self.json_field}
        try:
            return get_answer_type(self.answer_type, **kinds)
        except ValueError as error:
            key = "ttrl." if str(error).startswith("choices") else "ttrl.answer_type: "
            raise InputError(f"{key}{error}") from error

    def reward_names(self, name: str) -> list[str]:
        """Return the names of a run's rewards: those of ``rewards``, else that of ``reward.reward_manager.name``."""
        return [name] if self.rewards is None else [entry.name for entry in self.rewards]

    def build_rewards(self, name: str) -> list[Weighted]:
        """Return the rewards of a run with their weights: those of ``rewards``, else the one of that name.

        Args:
            name: ``reward.reward_manager.name``.

        Raises:
            InputError: one is unknown, cannot be loaded, or refuses its options.
        """
        one = WeightedName(name=name, options=self.reward_options)
        found = []
        for entry in [one] if self.rewards is None else self.rewards:
            try:
                found.append(Weighted(describe_reward(entry.name, entry.options or {}), entry.weight))
            except ValueError as error:
                key = "reward.reward_manager.name and ttrl.reward_options" if self.rewards is None else "ttrl.rewards"
                raise InputError(f"{key}: {error}") from error
        return found

    def given_fields(self, *, log_probs: bool) -> frozenset[str]:
        """Return the fields of a group, beside its answers, that a run with this section can fill.

        Args:
            log_probs: ``actor_rollout_ref.rollout.calculate_log_probs``.
        """
        given = {"texts", "lengths", "question", "index", "step"}
        given |= {"log_probs", "token_log_probs"} if log_probs else set()
        given |= {"checks"} if self.check is not None else set()
        return frozenset(given | ({"label"} if self.allow_labels else set()))


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
    if not is_elsewhere(config.answer_type):
        config.build_answer_type()
    if config.least_votes > config.votes:
        raise InputError(f"ttrl.min_votes is {config.min_votes}; expected at most ttrl.votes, {config.votes}")
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
    if config.rewards is not None and config.reward_options is not None:
        raise InputError("ttrl.reward_options and ttrl.rewards are both set; each entry of ttrl.rewards has options")
    config.build_answer_type()
    rewards = config.build_rewards(reward)
    given = config.given_fields(log_probs=log_probs)
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
    if config.check is not None:
        try:
            describe_check(config.check)
        except ValueError as error:
            raise InputError(f"ttrl.check: {error}") from error


_HOW = {
    "log_probs": "needs actor_rollout_ref.rollout.calculate_log_probs: true",
    "token_log_probs": "needs token_log_probs: actor_rollout_ref.rollout.calculate_log_probs: true",
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
    """Return the fields of a section within a model, by name; a number in the path is a place in a list."""
    for name in path:
        if not name.isdecimal():
            model = _section(model.model_fields[name].annotation)
        if model is None:
            return {}
    return model.model_fields


def _section(annotation: Any) -> Any:
    """Return the section that a field holds, perhaps in a list; ``None`` where it holds none."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part)) is not None), None)
