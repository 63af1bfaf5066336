"""A ballot and the sessions that fill it: the part that knows asyncio."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from ttrl_verl.training.ballot import Ballot, VotePlan


class Cut(NamedTuple):
    """What a vote that ended early did not ask for.

    Attributes:
        votes: how many responses were cut.
        tokens: an estimate of the tokens that these would still have been: see ``expected_rest``. How far they were is
            known from the clock alone: they are taken to have run at the mean pace of those that finished.
    """

    votes: int
    tokens: int


def expected_rest(finished: Sequence[int], running: Sequence[float], spent: Sequence[float], longest: int) -> float:
    """Return how many tokens the responses that were cut would still have been, on average.

    Those that have finished are the short ones, so their mean says too little. A response is taken to end after each
    token with the same chance, 1/m, until the limit L ends it: m is all tokens sampled so far, of whatever response,
    over the number of responses that ended by themselves (the maximum-likelihood estimate from censored lifetimes).
    One with s tokens then goes on for m (1 - exp(-(L - s) / m)) tokens on average.

    Args:
        finished: the tokens of each response that finished, those at the limit among them.
        running: the tokens so far of each response that still runs and is not cut.
        spent: the tokens so far of each response that was cut; 0 for one that was never started.
        longest: L.

    Example:
        >>> round(expected_rest([20, 40], [], [40.0, 0.0], 1000), 3)  # m = 100 / 2; nearly m each, so far is the limit
        100.0
        >>> expected_rest([100, 100], [], [60.0, 0.0], 100)  # none ends before the limit
        140.0
    """
    rests = [max(0.0, longest - tokens) for tokens in spent]
    ended = sum(tokens < longest for tokens in finished)
    if not ended:
        return sum(rests)
    mean = (sum(finished) + sum(running) + sum(spent)) / ended
    return sum(-mean * math.expm1(-rest / mean) for rest in rests) if mean else 0.0


class Poll:
    """The sessions of one prompt: each waits for its turn, and ends without a word where its vote is not wanted.

    Args:
        votes: N.
        plan: how they are asked.
        longest: the limit of a response, in tokens.
    """

    def __init__(self, votes: int, plan: VotePlan, longest: int) -> None:
        self.ballot, self._longest = Ballot(votes, plan), longest
        self._turn = [asyncio.Event() for _ in range(votes)]
        self._tasks: dict[int, asyncio.Task] = {}
        self._started: dict[int, float] = {}
        self._finished: dict[int, tuple[int, float]] = {}  # tokens and seconds of each response that came
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
        self._started.pop(place, None)
        self.ballot.lose(place)
        self._go_on()

    def generated(self, place: int, tokens: int) -> None:
        """Note that a response's tokens are there, and how many they are."""
        self.ballot.generated(place)
        self._finished[place] = (tokens, time.monotonic() - self._started[place])

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
        finished = [tokens for tokens, _ in self._finished.values()]
        pace = sum(finished) / max(sum(seconds for _, seconds in self._finished.values()), 1e-9)
        now, cut = time.monotonic(), self.ballot.cut
        so_far = {
            place: min(float(self._longest), pace * (now - began))
            for place, began in self._started.items()
            if place not in self._finished
        }
        running = [tokens for place, tokens in so_far.items() if place not in cut]
        spent = [so_far.get(place, 0.0) for place in cut]
        return Cut(len(cut), round(expected_rest(finished, running, spent, self._longest)))
