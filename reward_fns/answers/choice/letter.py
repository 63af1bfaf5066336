r"""Multiple choice: the letter of an option.

The letter is looked for where answers stand, surest first: a tag, a box, JSON, the whole response, a sentence such as
"the answer is C", the last line, the first line. Only letters that stand for an option are seen: a capital, or any case
within a box, quotes or parentheses or as the whole answer; never the article "a", a letter of an option's text, or one
before an equals sign.
"""

import re
import string

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.choice.concluded_letter import concluded_letters
from ttrl_verl.reward_fns.answers.choice.lettered_lines import line_letter
from ttrl_verl.reward_fns.answers.choice.option_letters import (
    ALSO,
    CONDITION,
    KIND,
    LATEX_GAP,
    LATEX_MARK,
    LETTER,
    LINE_CHARS,
    unmarked,
)
from ttrl_verl.reward_fns.answers.look_alikes import latin, without_fonts
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.statement.find import Statement, negated, statements


def letters(count: int) -> str:
    """Return the letters of that many options.

    Raises:
        ValueError: ``count`` is not 2 to 26.

    Example:
        >>> letters(4)
        'ABCD'
    """
    if isinstance(count, bool) or not 2 <= count <= 26:
        raise ValueError(f"choices is {count}; expected 2 to 26 options, or a list of words")
    return string.ascii_uppercase[:count]


_WINDOW = 200
_STATED = re.compile(rf"[\s:*_<{{\"'“–-]{{0,4}}(?:\beither\s)?(?i:{KIND}){LETTER}")
# As most are: " C.", " **C**", " (C)" at the end of the line or before the next sentence.
_PLAIN_STATED = re.compile(r"[\s:]?[\s(*]{0,4}([A-Z])[)*]{0,3}(?:\.?[*]{0,2}(?:\n|\Z)|\.\s(?=[A-Z][a-z]))")
_SMALL_STATED = re.compile(r"[\s:*_]{0,4}(?i:option |choice |letter )?([a-z])(?:\)?[.]?\s{0,3}(?:\n|\Z)|\)\s)")
_OF_THESE = re.compile(
    r"[A-Z](?:\s?[、，,]\s?[A-Z]){1,9}\s?(?:四个?|这些?|几个?)?(?:选项)?[中里](?:的|选)?\s?([A-Z])"
)  # A、B、C、D 中的 C
_BUT = re.compile(rf"(?:\bbut\s(?:rather\s)?|而是)\s?(?i:{KIND}){LETTER}")
_REVISION = re.compile(
    r"\b(?:wait|actually|correction|instead|hold on|hmm|sorry|mistake|re-?check(?:ing)?|however|on reflection|"
    r"second thought|reconsider(?:ing)?|re-?evaluat\w+|looking (?:again|closer)|no[,:])|不对|不對|等等|重新",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(r"\b(?:wait|actually|correction|hold on|hmm|sorry|mistake|no,)", re.IGNORECASE)
_NAMES = (
    "correct:", "correct option", "correct choice", "correct letter", "correct statement", "right option",
    "right choice", "best option", "best choice", "final choice", "final option", "choice:", "choice is",
    "solution:", "letter is", "option is", "verdict:", "output:", "prediction:", "response:", "response is",
    "selection:", "decision:", "guess:", "vote:", "label:", "选项",
)  # fmt: skip
_ANSWER = re.compile(
    r"(?i:(?:(?:so|thus|hence|therefore),?\s)?(?:the )?(?:(?:correct |right |final |best )?(?:answer|option"
    r"|choice|letter)(?:\s(?:is|choice|option))?)"
    r"\s?[:=]?\s?(?:option |choice )?|答案(?:是|为|:)?\s?|选项?\s?)?"
    r"(?:[(\[]\s?([A-Za-z])\s?[)\]]|([A-Za-z])(?=\s?\Z|[.):。、](?!\w\.)|\s[(\-–—]|\s{2,}|…|です))(?!\s{0,3}=)"
)


_REPLY = re.compile(
    r"\A(?:(?i:(?:the )?(?:final )?(?:answer|option|choice|letter|opción|opção|opzione|opcja|đáp án)\s{0,3}:?)\s+"
    r"|(?i:(?:q|question|problem|item|no)\.?\s?\d{1,3}|\d{1,3})\s?[.):-]\s+(?=\(?[A-Z]\)?[\s.]{0,3}\Z)"
    r"|A\s?[:：]\s(?=\(?[A-Z]\)?[\s.]{0,3}\Z))"
)
_ANS = re.compile(r"\bans\b(?!\.)", re.IGNORECASE)
_HTML = re.compile(r"</?(?:b|strong|em|i|u|p|span|div)>", re.IGNORECASE)
_RULE = re.compile(r"\s-{2,}\Z")
_REPEATED = re.compile(r"\A([A-Z])(?:[\s,;]{1,3}\1){1,20}\Z")
# As one types in a hurry: "i think b", "b is correct".
_SMALL_REPLY = re.compile(
    r"(?:i (?:think|guess|say|choose|pick)(?: its?)?|it['’]?s|it is|maybe|probably|definitely)\s([b-z])"
    r"|(?=.*\sis\s)([b-z]) is (?:correct|right|the answer)"
)
# A question states nothing: "Is the answer C?"
_ASKS = re.compile(
    r"(?:\A|[.!?]\s|\n)\s{0,3}(?:is|are|could|would|might|can|what|why|should)\b[^.!?\n]{0,80}\Z", re.IGNORECASE
)


def extract_letter(text: str, letters: str) -> str | None:
    r"""Return the letter of the option that a response settles on, or ``None``.

    In this order: what ``<answer>`` or the last ``\boxed{}`` holds, or ``"answer"`` in JSON; a response that is the
    letter, in any case; "the answer is C" and its like; the last line; the first line. Elsewhere capital letters alone,
    unless in quotes or parentheses, so that neither the article "a" nor a letter of an option's text is taken. Two
    different letters in the surest of these places are none, unless words such as "wait" or "actually" stand between:
    then the later one counts. A letter that no option has is none.

    Args:
        text: the final part of a response.
        letters: the letters of the options, such as ``ABCD``.

    Example:
        >>> extract_letter("I think it is a cat, so the answer is (B).", "ABCD")
        'B'
        >>> extract_letter("C. A", "ABCD"), extract_letter("c", "ABCD"), extract_letter("答案是A或B", "ABCD")
        ('C', 'C', None)
        >>> extract_letter("I think it is a cat", "ABCD") is None
        True
    """
    text = latin(text)
    if len(text) <= _WINDOW:
        text = _ANS.sub("answer", text)
    text = _HTML.sub("", text) if "<" in text else text
    marked, found = _marked_letter(text, letters)
    if marked:
        return found
    if len(text) <= _WINDOW:
        found = _whole(text, letters)
        if found is not None:
            return found
        if "\n" not in text and _names_two(text):
            return None
    stated, found = _stated_letter(text)
    found = found if stated else line_letter(text)
    return found if found is not None and found in letters else None


def _marked_letter(text: str, letters: str) -> tuple[bool, str | None]:
    """Return whether a tag, a box or JSON decides, and the letter that it holds."""
    held = tagged(text)
    if held is not None:
        found = _held_letter(held, letters)
        if found is not None:
            return True, found
    held = boxed(text)[1]
    if held is not None:
        found = held if len(held) == 1 and held in letters else canonical_letter(held, string.ascii_uppercase)
        if found is not None:
            return True, found if found in letters else None
        if _names_two(held):
            return True, None
    held = from_json(text)
    return (False, None) if held is None else (True, canonical_letter(held, letters))


def canonical_letter(answer: str, letters: str) -> str | None:
    r"""Return the letter of an answer such as ``C``, ``(C)``, ``\text{C}`` or ``C. a producer``; else ``None``.

    Example:
        >>> canonical_letter(r"\text{(B)}", "ABCD"), canonical_letter("E", "ABCD")
        ('B', None)
    """
    if len(answer) == 1 and answer in letters:
        return answer
    bare = without_fonts(LATEX_GAP.sub("  ", latin(answer[:LINE_CHARS])))
    bare = LATEX_MARK.sub("", re.sub(r"[{}$*_`|\"'“”‘’]", "", bare)).strip()
    bare = re.sub(r"\A[^\w(\[\\]+", "", bare)
    match = _ANSWER.match(bare)
    if match is None or _names_two(bare):
        return None
    letter = (match.group(1) or match.group(2)).upper()
    return letter if letter in letters else None


def _held_letter(held: str, letters: str) -> str | None:
    """Return the letter of a text that is said to be the answer."""
    found = canonical_letter(held, letters)
    if found is None and (len(held) > 3):
        stated, letter = _stated_letter(held)
        found = letter if stated else None
    return found if found is not None and found in letters else None


def _whole(text: str, letters: str) -> str | None:
    """Return the letter of a response that is nothing but it, in any case."""
    bare = re.sub(r"[^\w()\[\]+\-#]+\Z", "", re.sub(r"\A[^\w(\[\])}.,;:]+", "", without_fonts(text).strip()))
    bare = re.sub(r"[|*_`\"'{}$\\]", " ", bare).strip()
    bare = _REPLY.sub("", _RULE.sub("", bare), count=1)
    small = _SMALL_REPLY.fullmatch(bare)
    if small:
        letter = (small[1] or small[2]).upper()
        return letter if letter in letters else None
    bare = _REPEATED.sub(r"\1", bare)
    match = re.fullmatch(
        r"(?:选项|選項)?[(\[]{0,2}\s?([A-Za-z])\s?[)\]]{0,2}(?:选项|選項|입니다|です|\s(?:option|choice))?", bare
    )
    return match[1].upper() if match and match[1].upper() in letters else None


def _stated_letter(text: str) -> tuple[bool, str | None]:
    """Return whether a text states letters, and the last one; ``None`` where another one was not taken back."""
    found: list[tuple[Statement, frozenset[str]]] = []
    for statement in statements(text, _NAMES):
        plain = _PLAIN_STATED.match(text, statement.end)
        if plain:
            found.append((statement, frozenset(plain[1])))
            continue
        rest = unmarked(text[statement.end : statement.end + _WINDOW])
        if "?" in rest[:12] and _ASKS.search(text, max(0, statement.start - 100), statement.start):
            continue
        if negated(text, statement):
            match = _BUT.search(rest[:80])
            also = None
        else:
            colon = text[statement.end - 1 : statement.end] in (":", "=", "：")
            match = _STATED.match(rest)
            small = None if match else _SMALL_STATED.match(rest)
            if small and (small[1] != "a" or colon or rest[small.end(1) : small.end(1) + 1] in (".", ")")):
                found.append((statement, frozenset(small[1].upper())))
                continue
            also = ALSO.match(rest, match.end()) if match else None
            if match and (of_these := _OF_THESE.match(rest, match.start(match.lastindex or 0))):
                match, also = of_these, None
            if match and CONDITION.match(rest, match.end()):
                continue
            also = also or (_next_option(rest, match) if match else None)
        if match:
            named = [m for group in (match, also) if group for m in group.groups() if m]
            found.append((statement, frozenset(letter.upper() for letter in named)))
    if not found:
        return False, None
    last, named = found[-1]
    if len(named) > 1:
        return True, None
    revised = _taken_back(text[last.end : last.end + LINE_CHARS])
    if revised is not None:
        return True, revised
    following = last
    for statement, before in reversed(found[:-1]):
        if before != named:
            revised = _REVISION.search(text, statement.end, following.start) or (
                _is_final(text, following) and not _is_final(text, statement)
            )
            return True, next(iter(named)) if revised else None
        following = statement
    return True, next(iter(named))


_NEXT_OPTION = re.compile(r"(?:(?!\bnot\b)[^,;.\n]){0,40}?\s\(?([A-Z])[).:]\s?\w")


def _next_option(rest: str, match: re.Match[str]) -> re.Match[str] | None:
    """Return the option that is listed behind a stated one: "A) 5 B) 6"; a comma or "not" between lists nothing."""
    letter = next(group for group in match.groups() if group).upper()
    following = _NEXT_OPTION.match(rest, match.end())
    return following if following and ord(following[1]) == ord(letter) + 1 else None


def _taken_back(behind: str) -> str | None:
    """Return the letter that takes the place of a stated one: "A... wait, no, it is C"."""
    taken = _TAKEN_BACK.search(behind)
    instead = concluded_letters(unmarked(behind[taken.end() :])) if taken else set()
    return next(iter(instead)) if len(instead) == 1 else None


def _is_final(text: str, statement: Statement) -> bool:
    return (
        re.search(r"\b(?:final|最终)\s?\Z", text[max(0, statement.start - 8) : statement.start], re.IGNORECASE)
        is not None
    )


_TWO = re.compile(r"\W*([A-Z])[\W_]*(?:\b(?:or|and)\b|和|或)?[\W_]*([A-Z])\W*(?:(?:\b(?:or|and)\b)?\W*[A-Z]\W*){0,4}")


def _names_two(answer: str) -> bool:
    """Say whether an answer is two options: "B or C", "(B), (C)"."""
    match = _TWO.fullmatch(without_fonts(answer).replace("\\", " ")) if len(answer) < 100 else None
    return match is not None and match.group(1) != match.group(2) and "." not in match.group()
