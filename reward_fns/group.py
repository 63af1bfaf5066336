"""What a reward function sees: the answers of one prompt's group, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """The N responses sampled for one prompt, in sampling order.

    Attributes:
        answers: length N; the canonical answer of each response. Equal answers are equal strings. ``None`` where no
            answer was found: it casts no vote and earns no reward.
        log_probs: length N; the mean log-probability (nats per token) of each response's own sampled tokens, for the
            rewards that weigh votes by confidence. ``None`` where the rollout did not record them.
        label: the ground truth, for the ``oracle`` control alone. ``None`` in every run that does not say
            ``allow_labels: true``.

    Raises:
        ValueError: ``log_probs`` is given with another length than ``answers``.

    Example:
        >>> Group(answers=("A", "B", None)).size
        3
    """

    answers: tuple[str | None, ...]
    log_probs: tuple[float, ...] | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        """Check that the fields speak of the same responses."""
        if self.log_probs is not None and len(self.log_probs) != len(self.answers):
            raise ValueError(f"log_probs has {len(self.log_probs)} entries for {len(self.answers)} answers")

    @property
    def size(self) -> int:
        """N, the number of responses, those without an answer included."""
        return len(self.answers)


RewardFn = Callable[[Group], list[float]]
"""A group in, one reward a response out: length N, sampling order."""
