"""From the text of a response to its canonical answer: equal answers become equal strings.

Two steps, never mixed: ``extract`` finds the answer in a response, ``canonicalize`` brings an answer to its canonical
form. A ground truth is an answer already, so a label goes through ``canonicalize`` alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from reward_fns.answers import choice, math, number, text
from reward_fns.answers.response import final_part

ANSWER_TYPE_NAMES = ("math", "number", "choice", "text")


@dataclass(frozen=True, slots=True)
class AnswerType:
    """How answers of one kind are found and compared. Can be pickled.

    Attributes:
        name: one of ``ANSWER_TYPE_NAMES``.
        extract: the final part of a response in, the answer as written out; ``None`` where there is none.
        canonicalize: an answer in, its canonical form out; ``None`` where it is no answer of this kind.
    """

    name: str
    extract: Callable[[str], str | None]
    canonicalize: Callable[[str], str | None]

    def answer(self, response: str) -> str | None:
        """Return the canonical answer of a response, or ``None``.

        Example:
            >>> get_answer_type("number").answer("<think>7?</think> It is 1,024.0")
            '1024'
        """
        final = final_part(response)
        found = None if final is None else self.extract(final)
        return None if found is None else self.canonicalize(found)


def get_answer_type(name: str, *, choices: int | Sequence[str] = 4, last_number: bool = False) -> AnswerType:
    """Return the answer type of that name.

    Args:
        name: ``math``, ``number``, ``choice`` or ``text``.
        choices: for ``choice``: how many letters the options have (2 to 26), or the words to choose from.
        last_number: for ``math``: take a response's last number where it neither boxes nor states an answer.

    Raises:
        ValueError: the name is unknown, or ``choices`` is neither a number from 2 to 26 nor at least two distinct
            words.
    """
    match name:
        case "choice" if isinstance(choices, int):
            letters = choice.letters(choices)
            return AnswerType(
                name,
                partial(choice.extract_letter, letters=letters),
                partial(choice.canonical_letter, letters=letters),
            )
        case "choice":
            words = choice.words(choices)
            return AnswerType(
                name,
                partial(choice.extract_word, words=words),
                partial(choice.canonical_word, words=words),
            )
        case "number":
            return AnswerType(name, number.extract_number, number.canonical_number)
        case "text":
            return AnswerType(name, text.extract_text, text.canonical_text)
        case "math":
            return AnswerType(name, partial(math.extract_math, last_number=last_number), math.canonical_math)
    raise ValueError(f"unknown answer type {name!r}; expected one of {', '.join(ANSWER_TYPE_NAMES)}")
