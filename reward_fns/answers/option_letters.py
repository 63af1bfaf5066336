r"""The letters of options in a line: how they are written, and which one a line begins with or concludes.

Every whitespace run is one blank before these patterns are used, and what they are used on is of bounded length. In
them "(C)" also stands for C in bold, quotes, braces, brackets or dollars (see ``unmarked``).
"""

import re
import string

from ttrl_verl.reward_fns.answers.look_alikes import without_fonts

LINE_CHARS = 400
_OPENS, _CLOSES = r"(?:\*\*|__|[*_`\"'“‘$\[{「『【])", r"(?:\*\*|__|[*_`\"'”’$\]}」』】])"
_WRAPPED = re.compile(rf"{_OPENS}[{{(\[*$]{{0,3}}([A-Z])[.):]?\s?[}})\]*$]{{0,3}}{_CLOSES}")
_QUOTED_SMALL = re.compile(r"(?:['\"`“‘]|\*\*)([a-z])(?:['\"`”’]|\*\*)")
LATEX_MARK = re.compile(r"\\(?:left|right|displaystyle|[()\[\]])")
LATEX_GAP = re.compile(r"\\[ ,;!:]|\\q?quad(?![a-zA-Z])|~|\\text\s?\{\s{1,3}")
_MARKS = str.maketrans(dict.fromkeys("*_`#>|", ""))
# A bare letter before one of these words states an answer; before any other word it begins a name or is an article.
_CONNECTIVE = (
    r"(?:because|since|as|which|and|but|for|so|given|by|due|from|based|not|rather|while|whereas|then|if|where|seems?|"
    r"here|indeed|instead|again)\b"
)
_ENDS = (
    rf"(?=\Z|[\n.,;:!?)…。、।؟]|\s[(\-–—|]|\s{_CONNECTIVE}|\s?[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
    r"|\s[\u0400-\u0eff])"
    r"(?!\.[A-Za-z]\.)(?!\s?=)"
)
LETTER = rf"(?:\(([A-Za-z])\)|([A-Z]){_ENDS})"
KIND = (
    r"(?:(?:the\s)?(?:(?:correct|right|best|final)\s)?(?:option|choice|letter|answer|statement|选项|項|选择)\s?:?\s?)?"
)
ALSO = re.compile(
    r"[)\s]?(?:\s?(?:/|&|,?\s?\b(?:or|and|and/or|or maybe|as well as)\b|或者?|和|与|及|、)\s?|,\s)"
    r"(?:(?:option|choice|maybe|possibly|perhaps|letter)\s)?"
    r"(?:\(([A-Z])\)|([A-Z])(?:(?!\s?['’\w=])|(?=,?\s(?:and|or)\s\(?[A-Z]\b)|(?=都)))"
)
# Every option is judged: "A) wrong", "B: correct", "C ✗".
_JUDGED = re.compile(
    r"[^\w(]{0,6}(?i:option |choice )?\(?([A-Z])\s?[).:]?\s?"
    r"(?i:(?:(?:this|it|that)\s(?:(?:option|statement)\s)?)?is |[-–] )?"
    r"(?:((?i:correct|right|true|yes)\b|[✓✔✅])|(?i:wrong|incorrect|false|no)\b|[✗✘❌])"
)
# The same behind the option's text: "A. Ribosome - incorrect", "B: 12 ✓", "C) Paris (correct)".
_JUDGED_BEHIND = re.compile(
    r"[^\w(]{0,6}(?i:option |choice )?\(?([A-Z])\s?[).:][^\n]{1,200}?\s?(?:[-–—:→,(]\s?"
    r"|\s(?=[✓✔✅✗✘❌]))[*_]{0,2}(?i:this is |is )?"
    r"(?:((?i:correct|right|true|yes)|[✓✔✅])|(?i:wrong|incorrect|false|no)|[✗✘❌])[\s.!*_)]{0,5}\Z"
)
# A line that is the letter, or the letter and its option's text: "C", "(C) a producer", "C. a producer".
_LINE = re.compile(
    r"[^\w(\\\])}]{0,6}(?i:option |choice |answer )?"
    r"(?:\(([A-Za-z])\)|([b-z])(?=\)\s|[.:]\s[A-Z])|([A-Z])"
    r"(?:\s{0,2}\Z|\s?[.):。、](?!\w\.)|\s[-–—]\s|\s/\s(?=\w{2})|[…,]\s{0,2}\Z"
    r"|,?\s(?:because|since|not|and not|as|rather than|instead of)\b|\s\(not\b))"
)
# A last sentence such as "So I choose option C.", "C is correct.", "Hence (C).", 故选C.
_CHOSEN = re.compile(
    rf"(?<!not )(?<!n't )(?:(?i:\b(?:option|choice|choose|chose|choosing|pick|picked|select|selected"
    rf"|go(?:ing)? with|went with|opt for|"
    rf"must be|has to be|can only be|should be|leaves(?: us with)?|leaving|leads? (?:us )?to"
    rf"|probably|definitely|certainly|maybe|perhaps|most likely|actually|corresponding to|mind:|matches(?: with)?|match"
    rf"|corresponds to|"
    rf"points to|vote for"
    rf"|yes,|okay,|ok,|sure,|conclude|left with"
    rf"|\b(?:most|least|best|correct|right|next|true|closest)(?:\s[^.;:,?]{{0,60}}?)?\s(?:is|would be)"
    rf"|\b(?:opción|alternativa|opção|option|opzione|lettre|letra|lettera)(?:\s[\w]{{1,12}})?\s(?:es|é|è|est|ist)(?:\s(?:la|a|die))?"
    rf"|(?:the|only)\s(?:only\s)?(?:one|statement|option|choice|sentence|pair|set|figure|graph|diagram"
    rf"|equation|value|answer|possibility|candidate)\s(?:that|which|who|for which|where|with|to|left"
    rf"|remaining)\b[^.;:]{{0,60}}?\sis|(?:it|that|this|which)(?:['’]s| is| was)|so|thus|hence|therefore"
    rf"|elimination|conclusion|"
    rf"answer(?: choice)?|i say|i'd say|i (?:think|believe|guess)|(?:pick|choice|guess|selection|vote) (?:is"
    rf"|would be|will be)|is clearly|is definitely|\bes(?: ist)?|c['’]est(?:\sla)?(?:\sréponse)?|=>)"
    rf"|→|(?<!不)(?:[应應故]?[选選](?:择|擇|项|項)?"
    rf"|应该是|应是|应为|而是|(?:正确|对)的是)))"
    rf",?:?\s?(?i:{KIND}){LETTER}"
)
_HELD = re.compile(
    r"(?:(?i:option|choice|statement|answer|选项)\s?)?(?:\(([A-Za-z])\)|(?<![A-Za-z0-9_'’.])([A-Z]))(?:\s?[.)])?"
    r"(?:\s\([^()]{1,40}\)|,\s[^,.]{1,30},)?\s?"
    r"(?:it is(?=[.!]|\Z)|(?:as\s)?the\s(?:correct|right|best)\s(?:answer|choice|option|one)\b"
    r"|(?:is|was|must be|has to be|seems?(?: to be)?|appears?(?: to be)?|looks|would be)\s(?:therefore\s|thus\s"
    r"|clearly\s|indeed\s|definitely\s|obviously\s)?"
    r"(?:the\sbetter|(?:the\s)?(?:only\s|most\s|single\s)?(?:correct|right|true|best|answer|accurate|valid|appropriate|one"
    r"|option|choice|likely|solution|suitable|plausible|reasonable|sensible|logical|fitting|relevant"
    r"|consistent|better(?! than)))\b"
    r"|(?:es|est|è|ist)\s(?:la\s)?(?:correcta|correcto|correcte?|bonne|corretta|giusta|richtig|korrekt)\b|is(?=[.!]?\Z)"
    r"|makes\s(?:the\s)?(?:most|more|better|best)\ssense\b"
    r"|best\s(?:describes|fits|explains|matches|answers|represents|captures)\b"
    r"|(?:fits|works|holds|matches|follows|applies|satisfies|remains|is left)\b|(?:项|項|选项)?(?:才|显然"
    r"|明显)?(?:是|为)?(?:正确|对(?![于应比面])"
    r"|正確|符合)|が正(?:解|しい))"
)
_WRONG = re.compile(
    r"[\s:,]{0,3}(?:(?:is|are|was|would be|seems)\s(?:clearly\s|also\s)?)?(?:wrong|incorrect|false|no\b|not\b"
    r"|isn't|invalid|out\b|错误|不正确|不对|错)",
    re.IGNORECASE,
)
# A full stop behind a capital ends a sentence before a lone letter: "Not D. B."
_SENTENCE = re.compile(
    r"(?<=[^A-Z\s][.!?])(?<!\b[Ff]ig\.)(?<!\b[Ee]q\.)(?<!\b[Ss]ec\.)\s+|(?<=\b[A-Z][.?])\s+(?=\(?[A-Z]\)?[.!]?\Z)"
    r"|(?<=[。！？；;])\s*"
)
_MENTIONED = re.compile(r"(?:option|choice)\s?\(?[A-Za-z]", re.IGNORECASE)  # "Option A, the nucleus, stores DNA."
_ASKS = re.compile(r"\s?(?:is|are|could|would|might|can|what|why|should)\b", re.IGNORECASE)
# What has a letter for its name: "angle A is right".
_NAMED = re.compile(
    r"\b(?:angle|point|vertex|side|line|vitamin|type|group|team|company|person|player|box|set|event|matrix|plan|part|step|circle"
    r"|city|car|block|student|machine|country|grade|class|row|column|level|ray|plane|sample|set|function|graph|planet|star"
    r"|city|town|store|item|figure|case|section)\s\(?\Z",
    re.IGNORECASE,
)
_LONE_SENTENCE = re.compile(r"\(?([A-Z])\)?[.!]?")
_HYPOTHETICAL = re.compile(
    r"\b(?:if|whether|suppose|could|might|may|between|thought|first|initially|at first|not|cannot|\w{2,6}n['’]t|wrong"
    r"|incorrect|"
    r"eliminate[ds]?|rule[ds]?\sout|unless|neither|tempting|unlike"
    r"|although|though|while|whereas|even if)\b[^.,;]{0,40}\Z|(?:不是|不选|排除)[^，,。]{0,10}\Z",
    re.IGNORECASE,
)


def unmarked(text: str) -> str:
    """Return the text with one blank for each run of whitespace, and ``(C)`` for C in bold, quotes or braces."""
    if "\\" in text:
        text = LATEX_MARK.sub("", without_fonts(LATEX_GAP.sub(" ", text)))
    text = _QUOTED_SMALL.sub(r"(\1) ", _WRAPPED.sub(r"(\1) ", text)).translate(_MARKS)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def line_letter(text: str) -> str | None:
    """Return the letter of the last line, else of the first; a list of options that is repeated has none."""
    lines = text.strip().split("\n") if len(text) < _MAX_TEXT else _cut(text).split("\n")
    lone = _LONE.fullmatch(lines[-1])
    lettered = _lettered(lines)
    if len(lines) == 1 and len(text) < LINE_CHARS:
        lettered = _IN_LINE.split(text.strip())
    right = _judged_right(lettered) if len(lettered) > 2 else None
    if right is not None:
        return right
    if lone:
        return lone[1]
    last = unmarked(_short(lines[-1]))
    at_last = _line_start(last)
    if at_last and len(last.strip("().*:- ")) == 1:
        return _letter_of(at_last)
    starts = [start for line in lettered if (start := _line_start(unmarked(_short(line))))]
    different = {_letter_of(start) for start in starts}
    if at_last and len(different) == 1:
        return None if _lists_options(last, _letter_of(at_last)) else _letter_of(at_last)
    concluded = concluded_letters(last)
    if concluded:
        return next(iter(concluded)) if len(concluded) == 1 else None
    first = unmarked(_short(next(line for line in lines if line.strip()))) if text.strip() else ""
    at_first = _line_start(first)
    if at_first is None or len(different) > 1 or _lists_options(first, _letter_of(at_first)):
        return None
    return _letter_of(at_first)


_MAX_TEXT = 20_000
_IN_LINE = re.compile(r"[.,;]\s+(?=\(?[A-Z][).:]\s)|\s+(?=\([A-Z]\)\s)")  # "A: wrong, B: right"
_LONE = re.compile(r"[(*\s]{0,4}([A-Z])[)*.\s]{0,5}")
_START = (
    r"[^\w(\\\])}\n]{0,9}+(?:[Oo]ption |[Cc]hoice |[Aa]nswer )?(?:[(\[{*_\"'`“$]{1,4}|\\\("
    r"|\\text[a-z]{0,2}\{\(?)?[A-Za-z](?![A-Za-z'’])"
)
_MAY_START = re.compile(_START)
_BEGIN_A_WORD = frozenset(a + b for a in string.ascii_letters for b in string.ascii_letters) - {
    "Op", "op", "Ch", "ch", "An", "an",  # but option, choice, answer
}  # fmt: skip


def _lettered(lines: list[str]) -> list[str]:
    """Return the lines that may begin with an option's letter; most begin with a word, as their two characters tell."""
    return [line for line in lines if line[:2] not in _BEGIN_A_WORD and _MAY_START.match(line)]


def _judged_right(lettered: list[str]) -> str | None:
    """Return the one option that is called right where each line judges one: "A) wrong", "B) correct", "C: wrong"."""
    judged = [
        found.groups()
        for line in lettered
        if (found := _JUDGED.match(line) or _JUDGED_BEHIND.match(line[:LINE_CHARS].rstrip()))
    ]
    right = [letter for letter, is_right in judged if is_right]
    return right[0] if len(judged) > 2 and len(dict(judged)) == len(judged) and len(right) == 1 else None


def _cut(text: str) -> str:
    """Return the first and the last lines of a long text."""
    return text[: _MAX_TEXT // 2] + "\n" + text[-_MAX_TEXT // 2 :].strip()


def _short(line: str) -> str:
    """Return the beginning and the end of a long line."""
    return line if len(line) <= 2 * LINE_CHARS else f"{line[:LINE_CHARS]} {line[-LINE_CHARS:]}"


def _line_start(line: str) -> re.Match[str] | None:
    """Return the letter that a line begins with, unless the line calls it wrong."""
    match = _LINE.match(line)
    if match is None or _WRONG.match(line, match.end()) or ALSO.match(line, match.end(match.lastindex or 0)):
        return None
    return match


def concluded_letters(line: str) -> set[str]:
    """Return the letters that the last sentences of a line conclude, from the last one that concludes any."""
    sentences = _SENTENCE.split(line)
    for sentence in reversed(sentences):
        if sentence.endswith("?") and _ASKS.match(sentence):
            continue
        found: set[str] = set()
        for pattern in (_CHOSEN, _HELD):
            for match in pattern.finditer(sentence):
                letter = _letter_of(match)
                at = match.start(match.lastindex or 0)
                if _HYPOTHETICAL.search(sentence, max(0, at - 60), at) or _WRONG.match(sentence, match.end()):
                    continue
                if pattern is _CHOSEN and _MENTIONED.match(match.group()) and sentence[match.end() :].strip(" .!)"):
                    continue
                if pattern is _HELD and _NAMED.search(sentence, max(0, at - 12), at):
                    continue
                also = ALSO.match(sentence, match.end()) or _before_too(sentence, at, pattern is _CHOSEN)
                found |= {letter, "two"} if also else {letter}
        if not found and (ending := re.search(r"(?:\A|\s)\(([A-Za-z])\)[.!\s]*\Z", sentence)):
            also = _before_too(sentence, ending.start(1) - 1) or _HYPOTHETICAL.search(sentence, 0, ending.start())
            found = set() if also else {ending[1].upper()}
        if not found and sentence is not sentences[0] and (lone := _LONE_SENTENCE.fullmatch(sentence)):
            found = {lone[1]}
        if found:
            return found
    return set()


def _before_too(sentence: str, at: int, comma: bool = True) -> bool:
    """Say whether another letter is joined to the one that begins there: "A or C", and by a comma where that may be."""
    before = sentence[max(0, at - 12) : at].rstrip("( ")
    if before.endswith(",") and not comma:
        return False
    return re.search(r"(?<!\w)\(?[A-Z]\)?\s?(?:/|&|,|,?\s?\b(?:or|and)|[或和与、])\Z", before) is not None


def _letter_of(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group).upper()


def _lists_options(line: str, letter: str) -> bool:
    """Say whether a line goes on to the next option, as in "A. cat B. dog"."""
    following = re.escape(chr(ord(letter) + 1))
    return re.search(rf"\s\(?{following}[.):]\s?\S", line) is not None
