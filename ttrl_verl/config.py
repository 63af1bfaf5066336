"""The config section ``ttrl:``, checked before anything is started."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttrl_verl.alarms.config import AlarmsConfig
from ttrl_verl.errors import InputError
from ttrl_verl.questions.views import columns_of, parse_views
from ttrl_verl.reward_fns import REWARD_FNS
from ttrl_verl.reward_fns.answers import AnswerType, get_answer_type
from ttrl_verl.reward_fns.apart import describe_reward
from ttrl_verl.reward_fns.judge import Weighted
from ttrl_verl.reward_fns.names import is_elsewhere, is_own
from ttrl_verl.validation import first_error

if TYPE_CHECKING:
    from ttrl_verl.questions.read import Layout


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
    patience_seconds: float = Field(default=60.0, ge=1, le=86_400)
    stop: Literal["never", "decided", "likely"] = "never"
    stop_error: float = Field(default=0.01, gt=0, lt=1)
    first_votes: int | None = Field(default=None, ge=1)
    reward_options: dict[str, Any] | None = None
    rewards: list[WeightedName] | None = Field(default=None, min_length=1)
    check: str | None = None
    keep: Literal["first", "balanced", "spread"] = "first"
    label_key: str | None = None
    type_key: str | None = "answer_type"
    system_prompt: str | None = None
    prompt_suffix: str | None = None
    suffix_to: Literal["all", "without_examples"] = "all"
    image_root: str | None = None
    min_pixels: int | None = Field(default=None, ge=1, le=10_000_000)
    max_pixels: int | None = Field(default=None, ge=1)
    val_greedy: bool = False
    val_samples: int = Field(default=1, ge=1)
    poll_interval: float = Field(default=0.5, gt=0, le=60)
    allow_labels: bool = False
    audit: bool = True
    views: list[str] | None = Field(default=None, min_length=2)
    prior: str | None = None
    history: int = Field(default=8, ge=1, le=64)
    alarms: AlarmsConfig = AlarmsConfig()

    @property
    def least_votes(self) -> int:
        """The responses that a group needs to vote: ``min_votes``, by default half of the votes, rounded up."""
        return -(-self.votes // 2) if self.min_votes is None else self.min_votes

    def layout(self, prompt_key: str, image_key: str = "images", *, training: bool = False) -> "Layout":
        """Return how question files are read: ``data.prompt_key``, ``data.image_key`` and this section's keys.

        Training files alone have the columns of ``views``: validation asks as written.
        """
        # pyarrow, which a dry run does not need.
        from ttrl_verl.questions.images import ImageLayout
        from ttrl_verl.questions.read import Layout

        images = ImageLayout(image_key, self.image_root, self.min_pixels, self.max_pixels)
        columns = columns_of(self.views) if training else ()
        return Layout(
            prompt_key,
            self.label_key,
            self.system_prompt,
            self.prompt_suffix,
            images,
            self.type_key,
            suffix_to=self.suffix_to,
            view_columns=columns,
        )

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
        one = WeightedName(name=str(name), options=self.reward_options)  # Hydra reads 2024 as a number
        found = []
        for entry in [one] if self.rewards is None else self.rewards:
            try:
                found.append(Weighted(describe_reward(entry.name, entry.options or {}), entry.weight))
            except ValueError as error:
                key = "reward.reward_manager.name and ttrl.reward_options" if self.rewards is None else "ttrl.rewards"
                raise InputError(f"{key}: {error}") from error
        return found

    def voters_leave_tokens(self, name: str) -> bool:
        """Return whether a response that is not among the first kept only votes, so that nobody needs its tokens.

        A user's own reward may say itself which responses are kept, and is not loaded for the answer.

        Args:
            name: ``reward.reward_manager.name``.
        """
        names = self.reward_names(name)
        if self.keep != "first" or any(is_own(one, REWARD_FNS) for one in names):
            return False
        rewards = [REWARD_FNS[one] for one in names]
        return not any(reward.keeps or "token_log_probs" in reward.fields for reward in rewards)

    def given_fields(self, *, log_probs: bool, entropies: bool = True) -> frozenset[str]:
        """Return the fields of a group, beside its answers, that a run with this section can fill.

        Args:
            log_probs: ``actor_rollout_ref.rollout.calculate_log_probs``.
            entropies: whether the trainer computes them: see ``StageOptions.entropies``.
        """
        given = {"texts", "lengths", "question", "index", "step"}
        given |= {"entropies", "token_entropies"} if entropies else set()
        given |= {"log_probs", "token_log_probs"} if log_probs else set()
        given |= {"checks"} if self.check is not None else set()
        given |= {"history"} if self.audit else set()
        given |= {"views"} if self.views is not None else set()
        given |= {"prior"} if self.prior is not None else set()
        return frozenset(given | ({"label"} if self.allow_labels else set()))


def ttrl_config_of(config: Any) -> TTRLConfig:
    """Return the section ``ttrl:`` of a whole configuration, an OmegaConf, as an object.

    Raises:
        InputError: as ``parse_ttrl_config``.
    """
    from omegaconf import OmegaConf  # only where verl has it already

    return parse_ttrl_config(OmegaConf.to_container(config.ttrl, resolve=True))


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
        raise InputError(first_error(error, "ttrl", TTRLConfig)) from error
    if not is_elsewhere(config.answer_type):
        config.build_answer_type()
    if config.views is not None:
        parse_views(config.views)
        if len(config.views) > config.votes:
            raise InputError(f"ttrl.views are {len(config.views)}; expected at most ttrl.votes, {config.votes}")
    if config.least_votes > config.votes:
        raise InputError(f"ttrl.min_votes is {config.min_votes}; expected at most ttrl.votes, {config.votes}")
    least, most = config.min_pixels, config.max_pixels
    if least and most and least > most:
        raise InputError(f"ttrl.min_pixels is {least}; expected at most ttrl.max_pixels, {most}")
    return config
