"""One prompt's vote while its responses run: who is asked when, who is cut, whose tokens are kept.

Plain Python, no clock and no event loop: ``sessions`` drives it in a run, ``benchmarks/votes.py`` in a simulation.
"""

from dataclasses import dataclass
from math import ceil
from typing import Literal

from ttrl_verl.config import TTRLConfig
from ttrl_verl.reward_fns.stopping import confirmed, decided, expected_votes

Stop = Literal["never", "decided", "likely"]

AGREE = 0.9
"""Of N votes, n with a share p for one answer decide where p n > (1 - p) n + N - n: n > N / 2p. Fewer never decide."""


@dataclass(frozen=True, slots=True)
class VotePlan:
    """How votes are asked.

    Attributes:
        kept: K, the responses of a prompt that are trained on: the first in sampling order, which always finish.
        stop: when the others need not: ``ttrl.stop``.
        first: how many are asked at once, where votes may stop; ``None`` for as many as are kept, and under ``decided``
            at least as many as decide where ``AGREE`` of them agree.
        error: the bound of ``likely``.
    """

    kept: int
    stop: Stop = "never"
    first: int | None = None
    error: float = 0.01

    @classmethod
    def of(cls, ttrl: TTRLConfig, kept: int) -> "VotePlan":
        """Return the plan of a recipe's section."""
        return cls(kept, ttrl.stop, ttrl.first_votes, ttrl.stop_error)


class Ballot:
    """The votes of one prompt.

    The caller starts what ``ask`` returns, tells what becomes of it, and cancels what ``cut`` holds afterwards. The
    first K places that have not failed are kept, and never cut.

    Example:
        >>> ballot = Ballot(4, VotePlan(kept=1, stop="decided", first=4))
        >>> ballot.ask(), [ballot.cast(place, "7") for place in (0, 2)]
        ([0, 1, 2, 3], [None, None])
        >>> ballot.over, sorted(ballot.cut)  # 2 of 4, and "7" was sampled first
        (True, [1, 3])
    """

    def __init__(self, votes: int, plan: VotePlan) -> None:
        self._votes, self._plan = votes, plan
        self._asked: set[int] = set()
        self._generated: set[int] = set()
        self._settled: dict[int, str | None] = {}
        self._lost: set[int] = set()
        self._kept = set(range(min(plan.kept, votes)))
        self.over = False
        self.cut: set[int] = set()

    def ask(self) -> list[int]:
        """Return the places to start now, in sampling order; each is returned once."""
        due = self._due()
        self._asked.update(due)
        return due

    def is_kept(self, place: int) -> bool:
        """Return whether a response is trained on, as far as is known."""
        return place in self._kept

    def generated(self, place: int) -> None:
        """Note that all tokens of a response are there: its vote is waited for, for nothing is left to save."""
        self._generated.add(place)

    def again(self, place: int) -> None:
        """Note that a response failed and is asked again; where nobody needs it any more, it is cut."""
        self._generated.discard(place)
        if self.over and place not in self._kept:
            self.cut.add(place)

    def cast(self, place: int, answer: str | None) -> None:
        """Count a vote."""
        self._settled[place] = answer
        self._look()

    def lose(self, place: int) -> None:
        """Note that a response failed for good. Where it was to be kept, the next one still to come takes its place.

        What has voted already has left its tokens behind, and cannot be kept any more.
        """
        self._lost.add(place)
        self._settled[place] = None
        if place in self._kept:
            self._kept.discard(place)
            waiting = (p for p in range(self._votes) if p not in self._settled and p not in self._kept | self.cut)
            self._kept.update([heir for heir in [next(waiting, None)] if heir is not None])
        self._look()

    @property
    def votes_cast(self) -> int:
        """How many responses came."""
        return len(self._settled) - len(self._lost)

    def _running(self) -> int:
        return len(self._asked) - len(self._settled.keys() & self._asked)

    def _look(self) -> None:
        """End the vote where the rule says so, and cut what is out."""
        if self.over or self._plan.stop == "never" or len(self._settled) == self._votes:
            return
        self.over = decided(self._settled, self._votes) or self._is_likely()
        if self.over:
            spared = self._settled.keys() | self._generated | self._kept
            self.cut = {place for place in range(self._votes) if place not in spared}

    def _is_likely(self) -> bool:
        """Look where all that was asked is in, and no sooner: then the votes are the first in sampling order."""
        if self._plan.stop != "likely" or self._running():
            return False
        return confirmed([self._settled[place] for place in sorted(self._settled)], self._plan.error)

    def _due(self) -> list[int]:
        if len(self._asked) == self._votes:
            return []
        left = [place for place in range(self._votes) if place not in self._asked]
        kept = [place for place in left if place in self._kept]
        if self._plan.stop == "never":
            return left
        if self.over:
            return kept
        first = max(self._plan.kept, self._plan.first or self._at_once())
        if not self._asked:
            return left[:first]
        return sorted({*kept, *left[: self._more(first)]})

    def _at_once(self) -> int:
        return ceil(self._votes / (2 * AGREE)) if self._plan.stop == "decided" else 0

    def _more(self, first: int) -> int:
        """Return how many more are asked: as many as will decide at the shares seen, less those that run.

        From half of the first votes on, the shares are worth something. ``likely`` waits for all that run, and then
        asks a quarter more at the most.
        """
        running = self._running()
        wanted = expected_votes(self._settled, self._votes)
        if self._plan.stop == "likely":
            return 0 if running else min(wanted, ceil(len(self._asked) / 4))
        return 0 if 2 * len(self._settled) < first else max(0, wanted - running)
