r"""Multiple choice: the letter of an option.

The letter is looked for where answers stand, surest first: a tag, a box, JSON, the whole response, a sentence such as
"the answer is C", the last line, the first line. Only letters that stand for an option are seen: a capital, or any case
within a box, quotes or parentheses or as the whole answer; never the article "a", a letter of an option's text, or one
before an equals sign.
"""

import re
import string

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.look_alikes import latin, without_fonts
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.statement import Statement, negated, statements


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


# Every whitespace run is one blank before these are used, and what they are used on is a window of bounded length. In
# them "(C)" also stands for C in bold, quotes, braces, brackets or dollars (see _bare).
_WINDOW = 200
_LINE_CHARS = 400
_OPENS, _CLOSES = r"(?:\*\*|__|[*_`\"'“‘$\[{「『【])", r"(?:\*\*|__|[*_`\"'”’$\]}」』】])"
_WRAPPED = re.compile(rf"{_OPENS}[{{(\[*$]{{0,3}}([A-Z])[.):]?\s?[}})\]*$]{{0,3}}{_CLOSES}")
_QUOTED_SMALL = re.compile(r"(?:['\"`“‘]|\*\*)([a-z])(?:['\"`”’]|\*\*)")
_LATEX_MARK = re.compile(r"\\(?:left|right|displaystyle|[()\[\]])")
_LATEX_GAP = re.compile(r"\\[ ,;!:]|\\q?quad(?![a-zA-Z])|~|\\text\s?\{\s{1,3}")
_MARKS = str.maketrans(dict.fromkeys("*_`#>|", ""))
# A bare letter before one of these words states an answer; before any other word it begins a name or is an article.
_CONNECTIVE = (
    r"(?:because|since|as|which|and|but|for|so|given|by|due|from|based|not|rather|while|whereas|then|if|where|seems?|"
    r"here|indeed|instead|again)\b"
)
_ENDS = (
    rf"(?=\Z|[\n.,;:!?)…。、]|\s[(\-–—|]|\s{_CONNECTIVE}|\s?[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])"
    r"(?!\.[A-Za-z]\.)(?!\s?=)"
)
_LETTER = rf"(?:\(([A-Za-z])\)|([A-Z]){_ENDS})"
_KIND = (
    r"(?:(?:the\s)?(?:(?:correct|right|best|final)\s)?(?:option|choice|letter|answer|statement|选项|項|选择)\s?:?\s?)?"
)
_ALSO = re.compile(
    r"[)\s]?(?:\s?(?:/|&|,?\s?\b(?:or|and|and/or|or maybe|as well as)\b|或者?|和|与|及|、)\s?|,\s)"
    r"(?:(?:option|choice|maybe|possibly|perhaps|letter)\s)?"
    r"(?:\(([A-Z])\)|([A-Z])(?:(?!\s?['’\w=])|(?=,?\s(?:and|or)\s\(?[A-Z]\b)|(?=都)))"
)
_STATED = re.compile(rf"[\s:*_]{{0,4}}(?:\beither\s)?(?i:{_KIND}){_LETTER}")
# As most are: " C.", " **C**", " (C)" at the end of the line or before the next sentence.
_PLAIN_STATED = re.compile(r"[\s:]?[\s(*]{0,4}([A-Z])[)*]{0,3}(?:\.?[*]{0,2}(?:\n|\Z)|\.\s(?=[A-Z][a-z]))")
_SMALL_STATED = re.compile(r"[\s:*_]{0,4}(?i:option |choice |letter )?([a-z])(?:\)?[.]?\s{0,3}(?:\n|\Z))")
_BUT = re.compile(rf"(?:\bbut\s(?:rather\s)?|而是)\s?(?i:{_KIND}){_LETTER}")
_REVISION = re.compile(
    r"\b(?:wait|actually|correction|instead|hold on|hmm|sorry|mistake|re-?check(?:ing)?|however|on reflection|"
    r"second thought|reconsider(?:ing)?|re-?evaluat\w+|looking (?:again|closer)|no[,:])|不对|不對|等等|重新",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(r"\b(?:wait|actually|correction|hold on|hmm|sorry|mistake|no,)", re.IGNORECASE)
# Every option is judged: "A) wrong", "B: correct", "C ✗".
_JUDGED = re.compile(
    r"[^\w(]{0,6}(?i:option |choice )?\(?([A-Z])\s?[).:]?\s?(?i:is |[-–] )?"
    r"(?:((?i:correct|right|true|yes)\b|[✓✔✅])|(?i:wrong|incorrect|false|no)\b|[✗✘❌])"
)
_NAMES = (
    "correct option", "correct choice", "correct letter", "correct statement", "right option", "right choice",
    "best option", "best choice", "final choice", "final option", "choice:", "choice is", "solution:", "letter is",
    "option is", "选项",
)  # fmt: skip
# A line that is the letter, or the letter and its option's text: "C", "(C) a producer", "C. a producer".
_LINE = re.compile(
    r"[^\w(\\\])}]{0,6}(?i:option |choice |answer )?"
    r"(?:\(([A-Za-z])\)|([A-Z])(?:\s{0,2}\Z|\s?[.):。、](?!\w\.)|\s[-–—]\s|[…,]\s{0,2}\Z|,?\s(?:because|since)\b))"
)
# A last sentence such as "So I choose option C.", "C is correct.", "Hence (C).", 故选C.
_CHOSEN = re.compile(
    rf"(?<!not )(?<!n't )(?:(?i:\b(?:option|choice|choose|chose|choosing|pick|picked|select|selected"
    rf"|go(?:ing)? with|went with|opt for|"
    rf"must be|has to be|can only be|should be|leaves(?: us with)?|leaving|leads? to|matches(?: with)?|match"
    rf"|corresponds to|"
    rf"points to|vote for|(?:it|that|this|which)(?:['’]s| is| was)|so|thus|hence|therefore|elimination|conclusion|"
    rf"answer(?: choice)?|i say|i'd say|i (?:think|believe|guess)|(?:pick|choice|guess|selection|vote) (?:is"
    rf"|would be|will be)|is clearly|is definitely|=>|→)|(?<!不)(?:[应應故]?[选選](?:择|擇|项|項)?|而是)))"
    rf",?:?\s?(?i:{_KIND}){_LETTER}"
)
_HELD = re.compile(
    r"(?:(?i:option|choice|statement|answer|选项)\s?)?(?:\(([A-Za-z])\)|(?<![A-Za-z0-9_'’.])([A-Z]))(?:\s?[.)])?\s?"
    r"(?:(?:is|was|must be|seems?(?: to be)?|appears?(?: to be)?|looks|would be)\s(?:therefore\s|thus\s"
    r"|clearly\s|indeed\s|definitely\s|obviously\s)?"
    r"(?:the\s)?(?:only\s|most\s|single\s)?(?:correct|right|true|best|answer|accurate|valid|appropriate|one"
    r"|option|choice|likely|solution|suitable)\b"
    r"|(?:fits|works|holds|matches|follows|applies|satisfies)\b|(?:项|項|选项)?(?:才|显然|明显)?(?:是|为)?(?:正确|对(?![于应比面])"
    r"|正確|符合)|が正解)"
)
_WRONG = re.compile(
    r"[\s:,]{0,3}(?:(?:is|are|was|would be|seems)\s(?:clearly\s|also\s)?)?(?:wrong|incorrect|false|no\b|not\b"
    r"|isn't|invalid|out\b|错误|不正确|不对|错)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[^A-Z\s][.!?])\s+|(?<=[。！？；;])\s*")
_HYPOTHETICAL = re.compile(
    r"\b(?:if|whether|suppose|could|might|may|between|thought|first|initially|at first|not|cannot|can't|wrong"
    r"|incorrect|"
    r"eliminate[ds]?|rule[ds]?\sout|unless|neither|tempting|unlike)\b[^.,;]{0,40}\Z|(?:不是|不选|排除)[^，,。]{0,10}\Z",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"(?i:(?:(?:so|thus|hence|therefore),?\s)?(?:the )?(?:(?:correct |right |final |best )?(?:answer|option"
    r"|choice|letter)(?:\s(?:is|choice|option))?)"
    r"\s?[:=]?\s?(?:option |choice )?|答案(?:是|为|:)?\s?|选项?\s?)?"
    r"(?:[(\[]\s?([A-Za-z])\s?[)\]]|([A-Za-z])(?=\s?\Z|[.):。、](?!\w\.)|\s[(\-–—]|\s{2,}|…|です))(?!\s{0,3}=)"
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
    held = tagged(text)
    if held is not None:
        found = _held_letter(held, letters)
        if found is not None:
            return found
    held = boxed(text)[1]
    if held is not None and len(held) == 1 and held in letters:
        return held
    if held is not None:
        found = canonical_letter(held, string.ascii_uppercase)
        if found is not None:
            return found if found in letters else None
        if _names_two(held):
            return None
    held = from_json(text)
    if held is not None:
        return canonical_letter(held, letters)
    if len(text) <= _WINDOW:
        found = _whole(text, letters)
        if found is not None:
            return found
    stated, found = _stated_letter(text)
    found = found if stated else _line_letter(text)
    return found if found is not None and found in letters else None


def canonical_letter(answer: str, letters: str) -> str | None:
    r"""Return the letter of an answer such as ``C``, ``(C)``, ``\text{C}`` or ``C. a producer``; else ``None``.

    Example:
        >>> canonical_letter(r"\text{(B)}", "ABCD"), canonical_letter("E", "ABCD")
        ('B', None)
    """
    if len(answer) == 1 and answer in letters:
        return answer
    bare = without_fonts(_LATEX_GAP.sub("  ", latin(answer[:_LINE_CHARS])))
    bare = _LATEX_MARK.sub("", re.sub(r"[{}$*_`|\"'“”‘’]", "", bare)).strip()
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
    bare = re.sub(r"\A(?i:(?:the )?(?:final )?(?:answer|option|choice|letter)\s{0,3}:?)\s+", "", bare)
    match = re.fullmatch(r"[(\[]{0,2}\s?([A-Za-z])\s?[)\]]{0,2}", bare)
    return match[1].upper() if match and match[1].upper() in letters else None


def _bare(text: str) -> str:
    """Return the text with one blank for each run of whitespace, and ``(C)`` for C in bold, quotes or braces."""
    if "\\" in text:
        text = _LATEX_MARK.sub("", without_fonts(_LATEX_GAP.sub(" ", text)))
    text = _QUOTED_SMALL.sub(r"(\1) ", _WRAPPED.sub(r"(\1) ", text)).translate(_MARKS)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _stated_letter(text: str) -> tuple[bool, str | None]:
    """Return whether a text states letters, and the last one; ``None`` where another one was not taken back."""
    found: list[tuple[Statement, frozenset[str]]] = []
    for statement in statements(text, _NAMES):
        plain = _PLAIN_STATED.match(text, statement.end)
        if plain:
            found.append((statement, frozenset(plain[1])))
            continue
        rest = _bare(text[statement.end : statement.end + _WINDOW])
        if negated(text, statement):
            match = _BUT.search(rest[:80])
            also = None
        else:
            colon = text[statement.end - 1 : statement.end] in (":", "=", "：")
            match = _STATED.match(rest)
            small = None if match else _SMALL_STATED.match(rest)
            if small and (small[1] != "a" or colon or rest[small.end(1) : small.end(1) + 1] == "."):
                found.append((statement, frozenset(small[1].upper())))
                continue
            also = _ALSO.match(rest, match.end()) if match else None
        if match:
            named = [m for group in (match, also) if group for m in group.groups() if m]
            found.append((statement, frozenset(letter.upper() for letter in named)))
    if not found:
        return False, None
    last, named = found[-1]
    if len(named) > 1:
        return True, None
    revised = _taken_back(text[last.end : last.end + _LINE_CHARS])
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


def _taken_back(behind: str) -> str | None:
    """Return the letter that takes the place of a stated one: "A... wait, no, it is C"."""
    taken = _TAKEN_BACK.search(behind)
    instead = _concluded(_bare(behind[taken.end() :])) if taken else set()
    return next(iter(instead)) if len(instead) == 1 else None


def _is_final(text: str, statement: Statement) -> bool:
    return (
        re.search(r"\b(?:final|最终)\s?\Z", text[max(0, statement.start - 8) : statement.start], re.IGNORECASE)
        is not None
    )


def _line_letter(text: str) -> str | None:
    """Return the letter of the last line, else of the first; a list of options that is repeated has none."""
    lines = text.strip().split("\n") if len(text) < _MAX_TEXT else _cut(text).split("\n")
    last = _bare(_short(lines[-1]))
    lettered = [line for line in lines if _MAY_START.match(line)]
    judged = [found.groups() for line in lettered if (found := _JUDGED.match(line))]
    right = [letter for letter, is_right in judged if is_right]
    if len(judged) > 2 and len(dict(judged)) == len(judged) and len(right) == 1:
        return right[0]
    at_last = _line_start(last)
    if at_last and len(last.strip("().*:- ")) == 1:
        return _letter_of(at_last)
    starts = [start for line in lettered if (start := _line_start(_bare(_short(line))))]
    different = {_letter_of(start) for start in starts}
    if at_last and len(different) == 1:
        return None if _lists_options(last, _letter_of(at_last)) else _letter_of(at_last)
    concluded = _concluded(last)
    if concluded:
        return next(iter(concluded)) if len(concluded) == 1 else None
    first = _bare(_short(next(line for line in lines if line.strip()))) if text.strip() else ""
    at_first = _line_start(first)
    if at_first is None or len(different) > 1 or _lists_options(first, _letter_of(at_first)):
        return None
    return _letter_of(at_first)


_MAX_TEXT = 20_000
_MAY_START = re.compile(
    r"[^\w(\\\])}]{0,9}(?:[Oo]ption |[Cc]hoice |[Aa]nswer )?(?:[(\[{*_\"'`“$]{1,4}|\\\("
    r"|\\text[a-z]{0,2}\{\(?)?[A-Za-z](?![A-Za-z'’])"
)


def _cut(text: str) -> str:
    """Return the first and the last lines of a long text."""
    return text[: _MAX_TEXT // 2] + "\n" + text[-_MAX_TEXT // 2 :].strip()


def _short(line: str) -> str:
    """Return the beginning and the end of a long line."""
    return line if len(line) <= 2 * _LINE_CHARS else f"{line[:_LINE_CHARS]} {line[-_LINE_CHARS:]}"


def _line_start(line: str) -> re.Match[str] | None:
    """Return the letter that a line begins with, unless the line calls it wrong."""
    match = _LINE.match(line)
    if match is None or _WRONG.match(line, match.end()) or _ALSO.match(line, match.end(match.lastindex or 0)):
        return None
    return match


def _concluded(line: str) -> set[str]:
    """Return the letters that the last sentences of a line conclude, from the last one that concludes any."""
    for sentence in reversed(_SENTENCE.split(line)):
        found: set[str] = set()
        for pattern in (_CHOSEN, _HELD):
            for match in pattern.finditer(sentence):
                letter = _letter_of(match)
                at = match.start(match.lastindex or 0)
                if _HYPOTHETICAL.search(sentence, max(0, at - 60), at) or _WRONG.match(sentence, match.end()):
                    continue
                also = _ALSO.match(sentence, match.end()) or _before_too(sentence, at)
                found |= {letter, "two"} if also else {letter}
        if not found and (ending := re.search(r"(?:\A|\s)\(([A-Za-z])\)[.!\s]*\Z", sentence)):
            also = _before_too(sentence, ending.start(1) - 1) or _HYPOTHETICAL.search(sentence, 0, ending.start())
            found = set() if also else {ending[1].upper()}
        if found:
            return found
    return set()


def _before_too(sentence: str, at: int) -> bool:
    """Say whether another letter is joined to the one that begins there: "A or C"."""
    before = sentence[max(0, at - 12) : at]
    return re.search(r"(?<!\w)\(?[A-Z]\)?\s?(?:/|&|,|,?\s?\b(?:or|and)\b|[或和与、])\s?\(?\Z", before) is not None


def _letter_of(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group).upper()


def _lists_options(line: str, letter: str) -> bool:
    """Say whether a line goes on to the next option, as in "A. cat B. dog"."""
    following = re.escape(chr(ord(letter) + 1))
    return re.search(rf"\s\(?{following}[.):]\s?\S", line) is not None


_TWO = re.compile(r"\W*([A-Z])[\W_]*(?:\b(?:or|and)\b|和|或)?[\W_]*([A-Z])\W*(?:(?:\b(?:or|and)\b)?\W*[A-Z]\W*){0,4}")


def _names_two(answer: str) -> bool:
    """Say whether an answer is two options: "B or C", "(B), (C)"."""
    match = _TWO.fullmatch(without_fonts(answer).replace("\\", " ")) if len(answer) < 100 else None
    return match is not None and match.group(1) != match.group(2) and "." not in match.group()
