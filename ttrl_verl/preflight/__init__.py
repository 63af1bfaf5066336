"""What is checked before a run is started, without a GPU: ``findings.findings`` is the one list of it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warn", "wrong"]

APPENDED = "suffix"
"""The topic of a finding that says what is appended to the questions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is known of a run before it starts.

    Attributes:
        state: ``wrong`` is refused; ``warn`` may be meant; ``note`` could not be looked at here.
        what: the topic.
        said: what was found.
        to_do: whether it is wrong until somebody sets a key or writes a file: `check` prints it as a note, and whatever
            starts verl refuses it.
    """

    state: State
    what: str
    said: str
    to_do: bool = False

    @property
    def stops(self) -> bool:
        """Whether a run is refused for it."""
        return self.state == "wrong" or self.to_do
