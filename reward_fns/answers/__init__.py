"""From the text of a response to its canonical answer: equal answers become equal strings.

Two steps, never mixed: ``extract`` finds the answer in a response, ``canonicalize`` brings an answer to its canonical
form. A ground truth is an answer already, so a label goes through ``canonicalize`` alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ttrl_verl.reward_fns.answers import box, free, json_value, mathematics, own
from ttrl_verl.reward_fns.answers.canonical import Canonical, within_limits
from ttrl_verl.reward_fns.answers.choice.letter import canonical_letter, extract_letter, letters
from ttrl_verl.reward_fns.answers.choice.options import canonical_option, extract_option, options
from ttrl_verl.reward_fns.answers.choice.words import canonical_word, extract_word, words
from ttrl_verl.reward_fns.answers.number.find import extract_number
from ttrl_verl.reward_fns.answers.number.written import canonical_number
from ttrl_verl.reward_fns.answers.response import final_part, readings
from ttrl_verl.reward_fns.answers.text.find import extract_text
from ttrl_verl.reward_fns.answers.text.form import canonical_text
from ttrl_verl.reward_fns.names import entry_point_names, find, is_elsewhere, is_own

ANSWER_TYPE_NAMES = ("math", "number", "choice", "text", "json", "box", "free")


@dataclass(frozen=True, slots=True)
class AnswerType:
    """How answers of one kind are found and compared. Can be pickled.

    Attributes:
        name: one of ``ANSWER_TYPE_NAMES``, or a user's own.
        extract: the final part of a response in, the answer as written out; ``None`` where there is none.
        canonical: an answer in, its canonical form out, and whether it ran past a limit.
        warm_up: start what grading needs, so that the first answer does not wait for it.
        stops: whether a response counts up to where it goes on to a next problem or to its explanation, if an answer is
            found there.
    """

    name: str
    extract: Callable[[str], str | None]
    canonical: Callable[[str], Canonical]
    warm_up: Callable[[], object] | None = None
    stops: bool = False

    def answer(self, response: str) -> str | None:
        """Return the canonical answer of a response, or ``None``.

        Example:
            >>> get_answer_type("number").answer("<think>7?</think> It is 1,024.0")
            '1024'
        """
        return self.grade(response).text

    def grade(self, response: str) -> Canonical:
        """Return the canonical answer of a response, and whether it ran past a limit.

        Example:
            >>> get_answer_type("math").grade(r"\\boxed{0.50}")
            Canonical(text='1/2', limited=False)
        """
        final = final_part(response)
        if final is None:
            return Canonical(None)
        for reading in readings(final) if self.stops else (final,):
            found = self.extract(reading)
            if found is not None:
                return self.canonical(found)
        return Canonical(None)

    def canonicalize(self, answer: str) -> str | None:
        """Return the canonical text of an answer, such as a ground truth; ``None`` where it is no answer of this kind.

        Example:
            >>> get_answer_type("math").canonicalize("0.50"), get_answer_type("number").canonicalize("x")
            ('1/2', None)
        """
        return self.canonical(answer).text


def get_answer_type(
    name: str,
    *,
    choices: int | Sequence[str] | Mapping[str, str] = 4,
    last_number: bool = False,
    field: str | None = None,
) -> AnswerType:
    """Return the answer type of that name.

    Args:
        name: one of ``ANSWER_TYPE_NAMES``, an entry point, ``pkg://module:name`` or ``file.py:name``. What a user names
            is an ``AnswerType``.
        choices: for ``choice``: how many letters the options have (2 to 26), the words to choose from, or each letter
            with its option's text.
        last_number: for ``math``: take a response's last number where it neither boxes nor states an answer.
        field: for ``json``: the key whose value is the answer, or keys with dots between; ``None`` for the whole.

    Raises:
        ValueError: the name is unknown or cannot be loaded, or ``choices`` is no number from 2 to 26 and no list of two
            distinct words.
    """
    if is_own(name, dict.fromkeys(ANSWER_TYPE_NAMES)):
        return _own(name)
    match name:
        case "choice" if isinstance(choices, int):
            these = letters(choices)
            return AnswerType(
                name,
                partial(extract_letter, letters=these),
                partial(within_limits, partial(canonical_letter, letters=these)),
                stops=True,
            )
        case "choice" if isinstance(choices, Mapping):
            texts = options(choices)
            return AnswerType(
                name,
                partial(extract_option, texts=texts),
                partial(within_limits, partial(canonical_option, texts=texts)),
                stops=True,
            )
        case "choice":
            listed = words(choices)
            return AnswerType(
                name,
                partial(extract_word, words=listed),
                partial(within_limits, partial(canonical_word, words=listed)),
                stops=True,
            )
        case "number":
            return AnswerType(name, extract_number, partial(within_limits, canonical_number), stops=True)
        case "text":
            return AnswerType(name, extract_text, partial(within_limits, canonical_text), stops=True)
        case "math":
            return AnswerType(
                name,
                partial(mathematics.extract_math, last_number=last_number),
                mathematics.canonicalize,
                mathematics.warm_up,
                stops=True,
            )
        case "json":
            return AnswerType(name, partial(json_value.extract_json, field=field), json_value.canonical_json)
        case "box":
            return AnswerType(name, box.extract_box, partial(within_limits, box.canonical_box))
    return AnswerType("free", free.extract_free, free.canonical_free)


def _own(name: str) -> AnswerType:
    """Return a user's answer type, loaded and at work in processes apart."""
    if not is_elsewhere(name) and name not in entry_point_names("answer type"):
        find(name, "answer type", dict.fromkeys(ANSWER_TYPE_NAMES))  # raises: there is no such name
    own.describe(name)
    return AnswerType(name, partial(own.extract_apart, name=name), partial(own.canonical_apart, name=name))
