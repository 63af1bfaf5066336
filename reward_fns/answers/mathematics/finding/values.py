r"""The values of a sentence: numbers, amounts, equations, points and formulas, as they are written there.

A value is more than a name: ``$AB$`` and ``x`` are none, ``x = 5``, ``12``, ``$18``, ``3/4`` and ``(2, 3)`` are. What
is no prose is read on as one value, so that "3 + 4 = 7" is one.
"""

import re
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import FIRST_HELD, HELD, LAST_HELD, Ending
from ttrl_verl.reward_fns.answers.mathematics.units import KEPT, SCALES
from ttrl_verl.reward_fns.answers.number.words import CARDINALS, spelled, spelled_fraction

MAX_VALUES = 40
"""How many values of a sentence are read; one that has more is a list, and concludes nothing."""

_CURRENCY = r"(?:(?:US|A|C)?\\?[$€£¥₹]\s?)"
# No ordinal and no part of a word: not "3rd", "2-digit".
_NUMBER = (
    rf"(?:{_CURRENCY}?(?:\d{{1,3}}(?:,\d{{3}})+(?!,?\d)|\d{{1,60}})(?:\.\d{{1,60}})?(?:\s\d{{1,3}}/\d{{1,3}})?"
    r"(?:\s?\\?%|°C?|º)?|(?<!\d)\.\d{1,60})"
    r"(?!\d|(?:st|nd|rd|th|er|ª|º|°|-?[èe]me)(?![a-zA-Z])|[-–][a-zA-Z]{2})"
)
# "a" and "I" are words, unless an operator is behind them.
_LETTER = (
    r"(?:(?<![A-Za-z'’])(?:[b-zB-HJ-Z]|[aAI](?=\s?[-+*/^=<>≤≥)\]]))(?:_\{?\w{1,3}\}?|['′])?(?![A-Za-z'’])"
    r"|[πθαβ∞ℝℤℕℚ∅])"
)
_CALL = r"(?<![A-Za-z])[A-Za-z]{1,4}(?:_\w{1,3})?\([^()\n]{1,40}\)|√(?:\d{1,20}|\([^()\n]{1,40}\))"
_INSIDE = (
    rf"(?:[-+−–*/^·×.,\s√π∞≤≥<>=|\d{HELD}°]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z])|(?<=\d)[a-zA-Z](?![a-zA-Z])"
    r"|infinity|inf\b|sqrt|pi\b)"
)
_GROUP = rf"(?<![A-Za-z])[(\[{{](?:{_INSIDE}|\({_INSIDE}{{1,20}}\)){{1,60}}[)\]}}]"
_COMMAND = (
    r"\\(?!text\b)[a-zA-Z]{2,12}(?:\s?(?:\{(?:[^{}\n]|\{[^{}\n]{0,40}\}){0,80}\}|\[\d{1,2}\])){0,3}"
    r"(?:[\^_](?:\w|\{[^{}\n]{1,20}\})){0,2}"
)
_ATOM = rf"(?:{_CALL}|{_COMMAND}|{_NUMBER}|[{HELD}]|{_GROUP}|{_LETTER})"
_OPERATOR = (
    r"(?:(?<=\d)(?:\sx\s|x|:|\s:\s)(?=[\d$])|\s?(?:\*\*|\*|[-+−–/×·÷^=<>≤≥≠≈±∪∩!]|<=|>=|!=|≡"
    r"|\\(?:cdot|times|div|pm|mp|leq?|geq?|approx|equiv|cup|cap)(?![a-zA-Z]))\s?|!?)"
)
_VALUE = re.compile(
    rf"(?:(?<![A-Za-z^_])(?=\d)|(?!\d))(?:[-−–±+√]\s?)?{_ATOM}(?:!(?![\w!])|{_OPERATOR}(?:[-−–±+√]\s?)?{_ATOM}){{0,60}}"
)
_NAME = re.compile(
    r"[{\s]*(?:\\(?:triangle|angle|overline|overrightarrow|vec|mathrm|text|mathbf|odot|square|Delta|measuredangle"
    r"|widehat|hat|bar)\s*\{?\s*)?"
    r"(?:[A-Za-z]{1,6}'{0,2}(?:_\{?\w{1,3}\}?)?"
    r"|\\(?!pi|infty|emptyset|varnothing)[a-zA-Z]+(?:_\{?\w{1,3}\}?)?)\s*\}*"
    r"|[A-Za-z](?:_\{?\w\}?)?\([A-Za-z, ]{1,5}\)|[A-Za-z](?:_\{?\w\}?)?(?:\s?,\s?[A-Za-z](?:_\{?\w\}?)?){1,4}"
)
_TELLS = re.compile(r"[\dπ∞ℝℤℕℚ∅]|\\(?:pi|infty|emptyset|varnothing)")
_CONDITION = re.compile(r"\\n(?:eq?|ot)(?![a-z])|≠")
_RELATION = re.compile(r"\\(?:mid|parallel|perp|sim|cong|subset\w*)(?![a-z])")
# A number that is the name of something: "Step 3", "equation (2)", "base 8".
_LABELLED = re.compile(
    r"(?:step|case|part|problem|question|equations?|eq\.|theorem|figure|option|line|row|method|lemma|page|exercise|stage"
    r"|angle|region|player|team|event|urn|week|day|year|base|no\.)\s\(?\Z",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s?([A-Za-zμ]{1,14}(?:/[A-Za-z]{1,3})?)(?![A-Za-z])")
_HALF_OF_DAY = re.compile(r"\s?(?:\\text\s?\{\s?)?([ap])\.?m\b\.?", re.IGNORECASE)
_ENVIRONMENT = r"\{(?:align\*?|aligned|split|gather\*?|gathered|equation\*?|eqnarray\*?)\}"
_ROWS = re.compile(rf"\\begin{_ENVIRONMENT}|\\end{_ENVIRONMENT}")
_IMPLIED = re.compile(
    r"\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow|therefore)(?![a-zA-Z])|[⇒⟹∴]"
    r"|\\(?:to|rightarrow|longrightarrow)(?=\s*-?\d[\d.,]*\s*\Z)"
)
_TIMES = re.compile(r"(?<=\d)\s?x\s?(?=[\d$])")
_WORDS_OF_FORMULA = re.compile(r"\\(?:text|mathrm|operatorname|mathbf)\s?\{[^{}]*\}|\\[a-zA-Z]+|[A-Za-z]{2,}")
_ONE_NAME = re.compile(r"\s*(?:[A-Za-z]|\\[a-z]{2,8})(?:\s?_\s?\{?\s?\w{1,3}\s?\}?|')?\s*")
_FUNCTION_OF = re.compile(r"\s*[A-Za-z]\w?'?\^?[-{}\d]*\(")
_SEVERAL = re.compile(r",(?!\d{3}(?!\d))|\s(?:or|and)\s|\\text\s?\{[\s,]*(?:or|and)")
_CALCULATION = re.compile(r"[\d)}]\s?(?:[-+*×·−–]|\\(?:cdot|times)(?![a-z]))\s?[\d(\\]")
_EQUALS = re.compile(r"(?<![<>!:\\])=(?!=)")
# "400g / 200g": the letters are units.
_OF_UNITS = re.compile(r"(\d)\s?[gmsLlh](?![A-Za-z])")
_ALL_OF_UNITS = re.compile(r"\s*[\d.,]+\s?([gmsLlh])(?:\s?[-+*/×÷]\s?[\d.,]+\s?\1)+\s*")
_SUBSCRIPT = re.compile(r"_\s?\{?\s?\w{1,3}\s?\}?")
_MULTIPLE = re.compile(r"\s*\d*\s?[a-zA-Z](?:\s?\^\s?\{?\s?\d\s?\}?)?\s*")
_OF_VARIABLE = re.compile(r"\(.*[a-z](?!\w?\()")
_OF_BOUND_NAMES = re.compile(r"\s*\\(?:d?lim|i?int|sum|prod)(?![a-z])|\s*\|")
_OF_ANGLE = re.compile(
    r"\s*\\(?:sin|cos|tan|cot|sec|csc|log|ln|arcsin|arccos|arctan|angle|measuredangle)(?![a-z])[^+*/-]*\Z"
)
UNFINISHED = re.compile(
    r"(?:[-+*/=<>^(,×·÷≈$\\{&]|\\(?:[dt]?frac|sqrt|cdot|times|div|pm|leq?|geq?|approx|equiv|in|left|text|begin)"
    r"|\.\.\.|…)\s*\Z"
)
"""How a text ends that was cut off within a formula."""
_NUMBER_WORDS = rf"{'|'.join(CARDINALS)}|half|negative|minus|an?\s(?:hundred|thousand|million|half|third|quarter)"
_SPELLED = re.compile(rf"(?<![\w-])(?=(?:{_NUMBER_WORDS})\b)", re.IGNORECASE)
_SPELLED_CHARS = 60
_ONLY_ONE = re.compile(
    r"\b(?:exactly|only|just)\sone\b|\b(?:has|have|leaves|gets?)\sone\s(?!of\b|another\b|more\b)", re.IGNORECASE
)


class Value(NamedTuple):
    """A value of a sentence: where it stands, and how it is written."""

    start: int
    end: int
    text: str


def values(text: str, end: Ending) -> list[Value]:
    r"""Return the values of a sentence, in its order.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import ending
        >>> end = ending("In step 2 the side $AB$ is $3x$ cm, so 3x = 12 and x is 4.")
        >>> [value.text for value in values(end.sentences[0].text, end)]
        ['3x', '3x = 12', '4']
    """
    found: list[Value] = []
    for match in _VALUE.finditer(text):
        if len(found) > MAX_VALUES:
            break
        written = match.group()
        if written.isdigit() and _LABELLED.search(text[max(0, match.start() - 14) : match.start()]):
            continue
        if any(FIRST_HELD <= character <= LAST_HELD for character in written):
            whole = end.written(written).strip()
            is_name = len(written) == 1 and _NAME.fullmatch(whole.strip(" .,;"))
            if not is_name and not _RELATION.search(whole):
                found.append(Value(match.start(), match.end(), whole))
        elif _TELLS.search(written):
            found.append(Value(match.start(), match.end(), written))
    return found


def is_condition(written: str) -> bool:
    r"""Say whether a value is what another must not be, such as $x \neq 2$."""
    return _CONDITION.search(written) is not None


def is_assigned(written: str) -> bool:
    """Say whether a value is an equation that gives one name its value: "x = 5", "f(1) = 3"."""
    left, equals, right = written.partition("=")
    return bool(equals and "=" not in right) and (_ONE_NAME.fullmatch(left) or _FUNCTION_OF.match(left)) is not None


def is_calculation(written: str) -> bool:
    """Say whether a value is a sum or a product without names and without its result: "13 + 15"."""
    return "=" not in written and _CALCULATION.search(written) is not None and not _names(written)


def in_words(text: str) -> list[Value]:
    """Return the numbers that a sentence has in words; "one" is mostly a pronoun, and counts as "exactly one" alone.

    Example:
        >>> in_words("one of them is twenty-three years old"), in_words("there is only one such number")
        ([Value(start=15, end=27, text='23')], [Value(start=9, end=17, text='1')])
    """
    found: list[Value] = []
    at = 0
    while start := _SPELLED.search(text, at):
        read = _spelled(text, start.start())
        if read is None or read.text == "1":
            at = start.start() + 1
            continue
        found.append(read)
        at = read.end
    one = None if found else _ONLY_ONE.search(text)
    return [Value(one.start(), one.end(), "1")] if one else found


def _spelled(text: str, at: int) -> Value | None:
    """Return the number or the fraction in words that begins there."""
    ends = [space.start() for space in re.finditer(r"[\s.,;!]|\Z", text[at : at + _SPELLED_CHARS])][:5]
    for stop in reversed(ends):
        fraction = spelled_fraction(text[at : at + stop])
        if fraction is not None:
            return Value(at, at + stop, str(fraction))
    number = spelled(text, at)
    return Value(at, number[1], str(number[0])) if number else None


def told(written: str, is_curve: bool = False, led: bool = False) -> str | None:
    r"""Return what a value tells: of rows the last, of a calculation its right side.

    ``None`` where it tells none: it was cut off, or is an equation that is still to be solved.

    Args:
        written: the value.
        is_curve: whether an equation in several names is an answer itself: its sentence tells of a line or its like.
        led: whether "so" or its like leads to it.

    Example:
        >>> told("12 * 3 = 36"), told("x = 5"), told(r"2x = 8 \implies x = 4")
        ('36', 'x = 5', 'x = 4')
        >>> told("3x + 5 = 20"), told("3 +")
        (None, None)
    """
    text = written.strip(" .,;:")
    if "\\begin" in text and _ROWS.search(text):
        rows = [row.replace("&", "").strip(" .,;") for row in _ROWS.sub("", text).split("\\\\")]
        text = next((row for row in reversed(rows) if row), "").removeprefix("=").strip()
    if "\\" in text or not text.isascii():
        text = last_implied(text)
    if UNFINISHED.search(text):
        return None
    if "=" in text and not _SEVERAL.search(text):
        return _of_equation(text, is_curve, led)
    return text or None


def last_implied(text: str) -> str:
    r"""Return what a formula implies at its end: "2x = 8 \\implies x = 4", "\\frac{100}{13} \\to 113".

    Example:
        >>> last_implied(r"2x = 8 \implies x = 4"), last_implied(r"f: A \to B")
        ('x = 4', 'f: A \\to B')
    """
    return _IMPLIED.split(text)[-1].strip(" .,;") or text


def _of_equation(text: str, is_curve: bool, led: bool) -> str | None:
    """Return what an equation tells: its last side where that is what the others are worth, else the whole."""
    sides = [side.strip() for side in _EQUALS.split(text)]
    left, last = _TIMES.sub("*", sides[0]), sides[-1]
    if not last or len(sides) == 1 or left.count("{") != left.count("}"):
        return text
    is_chain = len(sides) > 2
    if any(_ONE_NAME.fullmatch(side) for side in sides[1:]):  # x = y = 5
        return text
    names = _names(_OF_UNITS.sub(r"\1", left) if _ALL_OF_UNITS.fullmatch(left) else left)
    if names and not (is_chain and led) and _is_unsolved(left, last, is_chain):
        return None
    if _ONE_NAME.fullmatch(left):
        return f"{left} = {last}" if is_chain and not _names(last) else text
    if not names or is_chain or _OF_ANGLE.match(left):
        return last
    if is_curve or _names(last):
        return text
    return text if _FUNCTION_OF.match(left) and _OF_VARIABLE.search(_WORDS_OF_FORMULA.sub(" ", left)) else last


def _names(side: str) -> set[str]:
    """Return the names of a side of an equation, without its words and commands."""
    return set(re.findall(r"[A-Za-z](?:_\{?\w{1,3}\}?)?", _WORDS_OF_FORMULA.sub(" ", side)))


def _is_unsolved(left: str, last: str, is_chain: bool) -> bool:
    """Say whether an equation is one to be solved: one name, in more than itself, is equal to a number."""
    if len(_names(left)) != 1 or _OF_BOUND_NAMES.match(left) or _ONE_NAME.fullmatch(left) or _FUNCTION_OF.match(left):
        return False
    if is_chain and not _MULTIPLE.fullmatch(left):
        return False
    return re.search(r"\d", _SUBSCRIPT.sub("", left)) is not None and "|" not in left and not _names(last)


def unit_behind(text: str, at: int) -> str:
    """Return the unit or scale behind a value that makes another answer of it, with a blank: " MeV", " million"."""
    half = _HALF_OF_DAY.match(text, at)
    if half:
        return f" {half[1].lower()}m"
    unit = _UNIT.match(text, at)
    if unit and (unit[1] in KEPT or unit[1].lower() in KEPT or unit[1].lower() in SCALES):
        return f" {unit[1]}"
    return ""


def next_word(text: str, at: int) -> int:
    """Return where the word behind a value ends, or the value itself where there is none."""
    unit = _UNIT.match(text, at)
    return unit.end() if unit else at
