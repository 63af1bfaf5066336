"""A ballot and the sessions that fill it: the part that knows asyncio."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from statistics import fmean
from typing import Any, NamedTuple

from ttrl_verl.training.ballot import Ballot, VotePlan


class Cut(NamedTuple):
    """What a vote that ended early did not ask for.

    Attributes:
        votes: how many responses were cut.
        tokens: an estimate of the tokens that these would still have been, on the low side. A response that was cut is
            taken to have been as long as the mean of those that finished, which are the short ones, and to have run at
            their mean pace.
    """

    votes: int
    tokens: int


class Poll:
    """The sessions of one prompt: each waits for its turn, and ends without a word where its vote is not wanted."""

    def __init__(self, votes: int, plan: VotePlan) -> None:
        self.ballot = Ballot(votes, plan)
        self._turn = [asyncio.Event() for _ in range(votes)]
        self._tasks: dict[int, asyncio.Task] = {}
        self._started: dict[int, float] = {}
        self._finished: list[tuple[int, float]] = []  # tokens and seconds of each response that came
        self.saved: Cut | None = None
        self._go_on()

    async def run(self, place: int, session: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a session when its turn comes; ``None`` where it is cut before it ends."""
        await self._turn[place].wait()
        if place in self.ballot.cut:
            return None
        self._started[place] = time.monotonic()
        self._tasks[place] = asyncio.create_task(session())
        try:
            return await self._tasks[place]
        except asyncio.CancelledError:
            if place in self.ballot.cut:
                return None
            raise
        except Exception:
            self.lose(place)
            raise

    def lose(self, place: int) -> None:
        """Note that a response will not come."""
        self.ballot.lose(place)
        self._go_on()

    def generated(self, place: int, tokens: int) -> None:
        """Note that a response's tokens are there, and how many they are."""
        self.ballot.generated(place)
        self._finished.append((tokens, time.monotonic() - self._started[place]))

    def again(self, place: int) -> bool:
        """Note that a session failed and may be asked again. Return whether its vote is still wanted."""
        self.ballot.again(place)
        if place in self.ballot.cut and self.saved is not None:
            self.saved = self.saved._replace(votes=len(self.ballot.cut))
        return place not in self.ballot.cut

    def cast(self, place: int, answer: str | None) -> bool:
        """Count a vote, and ask or cancel others. Return whether this vote ended it; ``saved`` says what was cut."""
        was_over = self.ballot.over
        self.ballot.cast(place, answer)
        ends = self.ballot.over and not was_over
        if ends:
            self.saved = self._cut()
        self._go_on()
        return ends

    def _go_on(self) -> None:
        for place in self.ballot.ask():
            self._turn[place].set()
        for place in self.ballot.cut:
            self._turn[place].set()
            if place in self._tasks:
                self._tasks[place].cancel()

    def _cut(self) -> Cut:
        tokens = fmean(tokens for tokens, _ in self._finished)
        pace = sum(tokens for tokens, _ in self._finished) / max(sum(seconds for _, seconds in self._finished), 1e-9)
        now = time.monotonic()
        spent = [pace * (now - self._started[place]) if place in self._started else 0.0 for place in self.ballot.cut]
        return Cut(len(self.ballot.cut), round(sum(max(0.0, tokens - each) for each in spent)))
