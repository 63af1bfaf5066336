"""What a reward function sees: the answers of one prompt's group, and what it says that it needs beside them."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Visit:
    """One earlier visit to a prompt, as the run's record has it.

    Attributes:
        step: the training step.
        counts: votes by canonical answer.
        size: N, the number of responses, those without an answer included.
        label: the pseudo-label; ``None`` where no response had an answer.
    """

    step: int
    counts: Mapping[str, int]
    size: int
    label: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The N responses sampled for one prompt, in sampling order.

    Every field but ``answers`` is ``None`` unless the reward names it in its ``needs`` or ``uses`` (see ``Reward``).
    A field of length N has one entry a response.

    Attributes:
        answers: length N; the canonical answer of each response. Equal answers are equal strings. ``None`` where no
            answer was found: it casts no vote. Most rewards give it nothing; some punish it, and the coin tosses.
        log_probs: length N; the mean log-probability (nats per token) of each response's own sampled tokens, at the
            rollout's temperature.
        token_log_probs: length N; the log-probabilities (nats) of each response's sampled tokens, one a token.
        entropies: length N; the mean token entropy (nats) of each response that is kept, as the trainer computes it
            before the update; ``None`` for the others. A reward that names it is asked late: see ``Reward.late``.
        token_entropies: length N; the entropy (nats) at each token of a kept response, ``None`` for the others.
        texts: length N; each response as text, without special tokens, its reasoning included.
        lengths: length N; the tokens of each response.
        checks: length N; the word of ``ttrl.check`` on each response, 0.0 (wrong) to 1.0 (right); ``None`` where it had
            none.
        views: length N; how each response was asked: 0 as the file has the question, 1 and on another way.
        question: the last user message of the prompt.
        index: the prompt's place in the training set; the same at every visit.
        step: the training step, from 1.
        history: the prompt's earlier visits, oldest first; empty at the first.
        prior: a frozen model's vote shares by canonical answer, each above 0, their sum at most 1.
        label: the ground truth in canonical form, for the ``oracle`` control alone. A run gives it where its recipe
            says ``allow_labels: true``.

    Raises:
        ValueError: a field of length N has another length than ``answers``.

    Example:
        >>> Group(answers=("A", "B", None)).size
        3
    """

    answers: tuple[str | None, ...]
    log_probs: tuple[float, ...] | None = None
    label: str | None = None
    token_log_probs: tuple[tuple[float, ...], ...] | None = None
    entropies: tuple[float | None, ...] | None = None
    texts: tuple[str, ...] | None = None
    lengths: tuple[int, ...] | None = None
    checks: tuple[float | None, ...] | None = None
    views: tuple[int, ...] | None = None
    question: str | None = None
    index: int | None = None
    step: int | None = None
    history: tuple[Visit, ...] | None = None
    prior: Mapping[str, float] | None = None
    token_entropies: tuple[tuple[float, ...] | None, ...] | None = None

    def __post_init__(self) -> None:
        """Check that the fields speak of the same responses."""
        for name in PER_RESPONSE:
            values = getattr(self, name)
            if values is not None and len(values) != len(self.answers):
                raise ValueError(f"{name} has {len(values)} entries for {len(self.answers)} answers")

    @property
    def size(self) -> int:
        """N, the number of responses, those without an answer included."""
        return len(self.answers)


PER_RESPONSE = ("log_probs", "token_log_probs", "entropies", "token_entropies", "texts", "lengths", "checks", "views")
"""The fields that have one entry a response."""

LATE = ("entropies", "token_entropies")
"""The fields that are known once the trainer has computed the log-probabilities of what is kept."""

FIELDS = tuple(field.name for field in dataclasses.fields(Group) if field.name != "answers")
"""What a reward may ask for beside the answers."""

RewardFn = Callable[[Group], Any]
"""A group in, one reward a response out: length N, sampling order; or a ``Verdict``, which says more."""


def example_group(fields: tuple[str, ...]) -> Group:
    """Return a group of two that disagree, with these fields filled: what a reward is tried on before a run.

    Example:
        >>> example_group(("lengths",))
        Group(answers=('A', 'B'), log_probs=None, label=None, token_log_probs=None, entropies=None, texts=None, \
lengths=(2, 3), checks=None, views=None, question=None, index=None, step=None, history=None, prior=None, \
token_entropies=None)
    """
    values = {
        "log_probs": (-1.0, -2.0),
        "label": "A",
        "token_log_probs": ((-1.0, -1.0), (-2.0, -2.0, -2.0)),
        "entropies": (0.5, 1.0),
        "token_entropies": ((0.5, 0.5), (1.0, 0.0, 2.0)),
        "texts": ("It is A.", "It is B."),
        "lengths": (2, 3),
        "checks": (1.0, None),
        "views": (0, 0),
        "question": "A or B?",
        "index": 0,
        "step": 1,
        "history": (Visit(step=1, counts={"A": 2}, size=2, label="A"),),
        "prior": {"A": 0.5, "B": 0.5},
    }
    return Group(answers=("A", "B"), **{field: values[field] for field in fields})
