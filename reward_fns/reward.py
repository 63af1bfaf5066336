"""A reward function, and what it needs beside the answers of its group."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ttrl_verl.reward_fns.group import FIELDS, LATE, Group


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward function, with what it needs beside the answers of its group.

    Attributes:
        fn: a function of a ``Group``; its options are keyword arguments with defaults.
        needs: the fields of ``Group`` that it cannot do without. A run that cannot give one is refused before it
            starts; in a run, none of them is ever ``None``.
        uses: the fields that it looks at where the run has them. The others stay ``None``: each costs time to fill.
        answer_types: the answer types whose answers it reads; empty where any does.
        sees: what of the group's votes a response's reward depends on. ``label``: on the pseudo-label of ``take_vote``
            alone, or on none, so that votes that cannot change the label need not be cast (``ttrl.stop``). ``votes``:
            on how many said what.
        keeps: whether it may say itself which responses are kept, by ``Verdict.keep``. A reward of this package that
            does not lets responses that only vote leave their tokens behind.
        estimator: the ``algorithm.adv_estimator`` that takes what it returns, where that is an advantage already.

    Raises:
        ValueError: ``needs`` or ``uses`` names no field of ``Group``, or ``sees`` is neither of the two.

    Example:
        >>> longest = Reward(lambda group: [float(n == max(group.lengths)) for n in group.lengths], needs=("lengths",))
        >>> longest(Group(answers=("4", "5"), lengths=(3, 7)))
        [0.0, 1.0]
    """

    fn: Callable[..., Any]
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    answer_types: tuple[str, ...] = ()
    estimator: str | None = None
    sees: Literal["label", "votes"] = "votes"
    keeps: bool = False

    def __post_init__(self) -> None:
        """Check the names of the fields, and what it sees."""
        if self.sees not in ("label", "votes"):
            raise ValueError(f"a reward sees {self.sees!r}; expected label or votes")
        for field in self.fields:
            if field not in FIELDS:
                raise ValueError(f"a reward names the field {field!r}; a group has {', '.join(FIELDS)}")

    def __call__(self, group: Group, **options: Any) -> Any:
        """Return what the function returns."""
        return self.fn(group, **options)

    @property
    def late(self) -> bool:
        """Whether it is asked once the trainer knows the kept responses' entropies, and not at the vote.

        It sees the whole group then; what it says of ``keep`` comes too late, and a skipped prompt weighs 0.
        """
        return any(field in LATE for field in self.fields)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it looks at: those it needs, then those it uses."""
        return (*self.needs, *self.uses)
