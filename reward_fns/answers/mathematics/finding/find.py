r"""The mathematical answer that a response gives, as it is written there."""

import re

from ttrl_verl.reward_fns.answers.boxes import PLACEHOLDER, boxed, plain
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.mathematics.finding.conclusion import concluded
from ttrl_verl.reward_fns.answers.mathematics.finding.stated import (
    AROUND,
    NO_ANSWER,
    OPTION_MARK,
    bare,
    formula,
    statement_value,
)
from ttrl_verl.reward_fns.answers.statement.find import negated, statements
from ttrl_verl.reward_fns.answers.statement.subject import subject_of_answer

_STATED_CHARS = 300
_NUMBER = re.compile(
    r"(?:(?<![\d)}\w])-)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,400})(?:\.\d{1,400})?(?:/\d{1,400})?", re.ASCII
)
_RATHER = re.compile(r"\bbut\s(?:rather\s)?|[,;]\s(?:so\s)?(?:it['’]s|it is|it must be|rather)\s|而是")
_EMPTY_BOX = re.compile(rf"[\s$:*]{{0,4}}\\boxed\s?\{{(?:{PLACEHOLDER})\}}", re.IGNORECASE)
_SENTENCE = re.compile(
    r"(?:there|it|he|she|they|we|you|[A-Z][a-z]+)\s(?:is|are|was|were|will|takes?|costs?|needs?|has|have|gets?)\s[^\n]*\d"
)
_MODAL = re.compile(r"\b(?:must|should|has to|have to|will|needs to|ought to)\b", re.IGNORECASE)
_RESULT = re.compile(r"result|solution|conclusion", re.IGNORECASE)
_MORE = re.compile(r"[.\n]\s.*\d", re.DOTALL)
_TAKES_BACK = re.compile(
    r"(?:(?<=[.!?])|\n)\s?(?:(?:oh|hmm+|but|no)\b[,.]?\s)?"
    r"(?:wait|oops|actually|scratch that|correction|sorry|no(?=[,:]))\b"
    r"|(?:,|\.\.\.|…)\s?(?:no,?\s)?(?:wait|sorry|i mean|or rather|make that)\b"
    r"|\bi (?:have )?(?:made an? (?:\w+ )?(?:mistake|error)|misread|miscounted)\b",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"\b(?:wrong|incorrect|mistake|error|not (?:right|correct)|misread|can['’]?(?:t|not) be)\b", re.IGNORECASE
)
_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_SPELLED = re.compile(r"(?<=[\d}])\s{0,3}(?:\\text\s?\{\s{0,3})?\([a-zA-Z][a-z \-]{1,60}\)\s{0,3}\}?\Z")
# What a box says of its value before it: \boxed{\text{The number of ways is } 84}.
_INTRODUCED = re.compile(
    r"\A\s{0,3}\\(?:text|textbf|textrm|mathrm)\s?\{"
    r"(?:[^{}]{0,80}\s(?:is|are|equals|be|=)|[^{}]{1,60}[:=]|\s?(?:option|choice|number|value))\s?:?\s?\}"
    r"(?:\s|\\[ ,;:!]|~){0,3}(?=[-\d\\$a-z(\[])",
    re.IGNORECASE,
)
_EMPTY_JSON = re.compile(r"[\"']answer[\"']\s?:\s?(?:\"\"|''|null|None|\[\])\s{0,3}[,}]")
_HASHED = re.compile(r"(?:\A|\n)####\s?([^\n]{0,80}\d[^\n]{0,40}?)[\s.]*\Z")


def extract_math(text: str, last_number: bool = False) -> str | None:
    r"""Return the answer that a response gives, as written; ``None`` where it gives none.

    In this order: what ``<answer>`` or ``[ANSWER]`` holds; the last ``\boxed{}``, with those that belong to it; the
    value of ``"answer"`` in JSON; what follows the last "answer is", "answer:" and their like; with ``last_number``,
    the last number; a response that is nothing but a formula; a last sentence that concludes ("So x = 5."). A statement
    that is taken back ("Wait, ...") gives way to what the response then concludes. A response whose last box was cut
    off, or that ends in "the answer is", has no answer.

    Args:
        text: the final part of a response.
        last_number: take the last number where nothing is boxed or stated. Off, since in a response that was cut off it
            is any number.

    Example:
        >>> extract_math(r"Thus \boxed{\frac{1}{2}}."), extract_math("So the final answer is $x = 3$, as claimed.")
        ('\\frac{1}{2}', 'x = 3')
        >>> extract_math("We add 6 and 7, and") is None, extract_math("We add 6 and 7, and", last_number=True)
        (True, '7')
    """
    held = tagged(text)
    if held is not None:
        found = _within(held)
        if found is not None:
            return found
    has_box, held = boxed(text)
    if has_box:
        return None if held is None else _boxed_statement(held)
    held = from_json(text)
    if held is not None and len(held) <= _STATED_CHARS:
        return None if NO_ANSWER.match(held) else formula(held) or held
    if held is None and ('"answer"' in text or "'answer'" in text) and _EMPTY_JSON.search(text):
        return None
    hashed = _HASHED.search(text) if text.rfind("####") >= 0 else None
    if hashed:
        return hashed[1]
    stated, found = _last_statement(text)
    if stated:
        return found
    subject = subject_of_answer(text)
    found = None if subject is None else statement_value(subject)
    if found:
        return found
    if last_number:
        numbers = _NUMBER.findall(text)
        return numbers[-1] if numbers else None
    return bare(text) or concluded(text)


def _within(held: str) -> str | None:
    """Return the answer of a text that is said to be one: its box, what it states, or itself."""
    has_box, box = boxed(held)
    if has_box:
        return None if box is None else _boxed_statement(box)
    found = _last_statement(held)[1]
    if found is not None:
        return found
    whole = held.strip(AROUND)
    if not 0 < len(whole) <= _STATED_CHARS or NO_ANSWER.match(whole):
        return None
    return formula(whole) or whole


def _boxed_statement(held: str) -> str | None:
    r"""Return what a box holds, behind a statement inside it: ``\text{The answer is }5``."""
    if held.isdigit():
        return held
    if "answer" not in held.lower():
        held = OPTION_MARK.sub("", held, count=1)
        if NO_ANSWER.match(_TEXT.sub(r"\1", held).strip()):
            return None
        held = _INTRODUCED.sub("", held, count=1)
        return (_SPELLED.sub("", held) or held) or None
    bare = plain(_TEXT.sub(r" \1 ", held))
    found = statements(bare)
    return (bare[found[-1].end :].strip(AROUND) if found else held) or None


def _last_statement(text: str) -> tuple[bool, str | None]:
    """Return whether a text states an answer, and the last one that it states."""
    stated = False
    for statement in reversed(statements(text, ("result is", "result =", "solution:", "solutions:"))):
        rest = text[statement.end : statement.end + _STATED_CHARS]
        if negated(text, statement):
            rather = _RATHER.search(rest)
            if not rather:
                continue
            rest = rest[rather.end() :]
        if _EMPTY_BOX.match(rest):
            continue
        if not rest.strip(AROUND + ".$"):  # cut off where the answer would stand
            return True, None
        found = statement_value(rest)
        if found and found.isalpha() and _MODAL.search(text, statement.start, statement.end):
            found = None  # "The answer must be even"
        if found and _SENTENCE.match(found):  # "There are 18 of them", below a heading
            found = concluded(found + ".") or found
        if found and _RESULT.match(text, statement.start):  # of a step, where another value is behind it
            return True, concluded(text) or (None if _MORE.search(rest, len(found)) else found)
        if found:
            return True, _unless_retracted(found, text[statement.end :])
        stated = False
    return stated, None


def _unless_retracted(stated: str, rest: str) -> str | None:
    """Return what was stated, or what the text behind it concludes instead: "Wait, I forgot 3. So it is 15."."""
    if len(rest) < len(stated) + 6:
        return stated
    retracts = _TAKES_BACK.search(rest[:1_000])
    if not retracts:
        return stated
    instead = concluded(rest[retracts.start() :].lstrip(" ,.…"))
    return instead or (None if _WRONG.search(rest, retracts.start()) else stated)
