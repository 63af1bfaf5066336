r"""What a response concludes without the word "answer": "So she has 12 left.", "which simplifies to $\frac34$".

One principle and its limits. The last sentence with a value concludes, and its value is what stands as the predicate:
the right side of its last relation, what a verb such as "is" or "gives" stands before, or its one value. A sentence
that asks, instructs, supposes, doubts, denies or was cut off concludes nothing; then the response has no answer, since
a value further up is a step on the way. What only checks or comments on a conclusion is passed over.
"""

import re

from ttrl_verl.reward_fns.answers.mathematics.finding import clauses, wording
from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import ENDING_CHARS, Ending, Sentence, ending
from ttrl_verl.reward_fns.answers.mathematics.finding.values import values

MAX_SENTENCES = 12
"""How many sentences before the end may check a conclusion or comment on it."""

_AROUND = " \t*_`#>.$"
_BRACKETS = (("\\(", "\\)"), ("\\[", "\\]"), ("\\begin{", "\\end{"))
_OPEN_CHARS = 300  # how far back what was cut off may have begun
_CHECK_WORDS = ("check", "verif", "proof", "confirm", "prob", "prüf", "comproba")
_ASKS = re.compile(r"[?？][)\"”'’*]{0,2}\Z")
_ENDS = re.compile(r"[.!。！][)\"”'’]{0,2}\Z")
_CHECKS = re.compile(
    r"(?:to\s)?(?:(?:let(?:['’]s|\sme|\sus)|we\s(?:can|could|may)|you\scan|i\s(?:can|will)|one\s(?:can|easily))\s"
    r"(?:now\s|also\s|easily\s|quickly\s)?)?(?:double[- ]?|sanity[- ]?|quick\s)?"
    r"(?:check(?:s|ing|ed)?|verif(?:y|ies|ying|ied|ication)|proof|confirm(?:s|ing)?)\b"
    r"|as a (?:quick\s)?(?:check|sanity check|verification)\b|(?:我们)?(?:检验|验证|检查|经检验)|検算"
    r"|(?:verificación|comprobación|vérification|probe|verifica|prüfung|проверка)\b",
    re.IGNORECASE,
)
_CHECK_HEADING = re.compile(r"\s?(?:[:：.]|\Z)")
_CHECKED = re.compile(r"[✓✔✅☑]|\\checkmark")
_PLUGS = re.compile(
    r"(?:(?:if\swe\s|by\s)?(?:plug|substitut|insert)(?:ging|ing|e)?\b|indeed\b|this\s(?:works|checks|holds|satisfies|matches|agrees))",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"\b(?:as (?:required|expected|desired)|true|both sides|correct(?:ly)?|holds?|matches|satisfied)\b", re.IGNORECASE
)
_RESULTS = re.compile(r"\b(?:(?:we|to|you|i) (?:get|find|obtain|have)|gives?|yields?|results? in)\b", re.IGNORECASE)
_COMMENTS = re.compile(
    r"(?:note|notice|remark|nb|n\.b\.|observe|remember|key (?:idea|point|step)|method|keep in mind|by the way"
    r"|incidentally)\b|[(（]"
    r"|[~–-]\s?[A-Za-z][^.=$\\]{1,40}\Z"
    r"|(?:please\s)?(?:feel free|let me know|if you|do you|would you|is there anything|i['’]m happy)\b"
    r"|(?:this|the) (?:solution|result|answer|method|calculation|formula|number|approach|value|argument)\s"
    r"(?:uses|is|was|matches|agrees|follows|makes|assumes|confirms|satisfies|comes)\b"
    r"|(?:(?:this|that|it|which|these|both|they|all of (?:these|them)|each|everything|here)(?:['’]s)?\s)?"
    r"(?:(?:also|indeed|clearly)\s)?(?:is|are|was|were|makes?|match(?:es)?|agrees?|confirms?|satisf(?:y|ies)|works?|fits?"
    r"|checks?|completes?|holds?|comes from|follows|shows|corresponds?|represents?|uses?|assum(?:es|ing))\b"
    r"|(?:yes|correct|great|done|easy|nice|good|perfect|that['’]s it|q\.?e\.?d|hope|i hope|thanks?|thank you|voil[àa]"
    r"|as (?:required|desired|expected))\b",
    re.IGNORECASE,
)
_RETRACTS = re.compile(
    r"\b(?:wait|but|however|hmm+|oops|no,|actually|wrong|incorrect|mistake|error|fails?|contradict\w*|not|n['’]t|cannot"
    r"|can['’]t|unfortunately|unless|again|instead|start over|sorry|although|unable|missing|need(?:s|ed)?|next"
    r"|continue)(?!\w)|n['’]t\b|不|但|无法",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:part\s)?\(?(?P<letter>[a-h]|i{1,3}|iv)\)[.:]?\s+(?=\S)|part\s(?P<other>[a-h\d])\s?[:.]\s+", re.IGNORECASE
)


def concluded(text: str) -> str | None:
    r"""Return what the end of a response concludes, as it is written there; ``None`` where it concludes nothing.

    Example:
        >>> concluded("8 + 4 = 12. Two of them left. So there are 10 now.\n\nCheck: 12 - 2 = 10 ✓")
        '10'
        >>> concluded("We get $6/8$, which simplifies to $3/4$."), concluded("Next, we double 12.")
        ('3/4', None)
    """
    begin = text.rfind("\n") + 1
    line = text[begin:].rstrip()
    bare = line.strip(_AROUND)
    if bare.isdigit() and bare.isascii():
        is_label = line.endswith(".") and text.rfind(f"\n{int(bare) - 1}.", 0, begin) >= 0
        return None if is_label or _is_within_formula(text, begin) else bare
    if _is_cut_off(text):
        return None
    if begin and _stands_alone(line) and not _has_check(text):
        end = ending(line)  # most responses conclude in their last line
        sentences = end.sentences[-MAX_SENTENCES:]
        if sentences and not (_PART.match(sentences[0].text) or _comments(sentences[-1].text, sentences[:-1], end)):
            before = sentences[-2].text if len(sentences) > 1 else text[:begin].rstrip(_AROUND)[-80:]
            return _reading(sentences[-1], end, before, complete=False)
    end = ending(text)
    sentences = _without_check(end.sentences)[-MAX_SENTENCES:]
    parts = _parts(sentences, end)
    if parts is not None:
        return parts
    complete = len(sentences) < len(end.sentences)  # what is cut off is its check
    while sentences:
        sentence = sentences.pop()
        if sentences and _comments(sentence.text, sentences, end):
            complete = True
            continue
        return _reading(sentence, end, sentences[-1].text if sentences else "", complete)
    return None


def _is_within_formula(text: str, begin: int) -> bool:
    """Say whether the lines above a place end with the beginning of a formula."""
    above = text[max(0, begin - 8) : begin].rstrip()
    return above.endswith("\\[") or (above.endswith("$$") and text.count("$$", 0, begin) % 2 == 1)


def _is_cut_off(text: str) -> bool:
    """Say whether a text ends within a formula or a block of code."""
    tail = text[-_OPEN_CHARS:]
    if tail.rfind("\\") >= 0 and any(tail.rfind(opened) > tail.rfind(closed) for opened, closed in _BRACKETS):
        return True
    return any(text.rfind(fence) >= 0 and text.count(fence) % 2 for fence in ("$$", "```"))


def _stands_alone(line: str) -> bool:
    """Say whether no formula of a line began above it, and the line itself does not go on from there."""
    if line.count("$") % 2 or line.count("$$") % 2 or line.startswith(("=", ".", ",", ";", "\\end", "$$ ")):
        return False
    return not any(0 <= line.find(closed) < (line.find(opened) + 1 or len(line)) for opened, closed in _BRACKETS)


def _has_check(text: str) -> bool:
    """Say whether the end of a text may have the heading of a check: a quarter of the pattern's time."""
    tail = text[-ENDING_CHARS:].lower()
    return any(tail.rfind(word) >= 0 for word in _CHECK_WORDS) or not tail.isascii()


def _reading(sentence: Sentence, end: Ending, before: str, complete: bool) -> str | None:
    """Return what a sentence concludes, behind another."""
    text = sentence.text
    if _ASKS.search(text) or sentence.label.lower().startswith("case") or text.startswith("|"):
        return None
    ended = complete or _ENDS.search(text) is not None
    bulleted = sentence.label[-1:] in ("-", "*", "•", "+") and bool(before)
    unstopped = not _ENDS.search(before) and not before.endswith((":", "："))
    return clauses.asserted(text, end, ended=ended, listed=bulleted, unstopped=unstopped)


def _without_check(sentences: list[Sentence]) -> list[Sentence]:
    """Return the sentences before the heading of a check, where what follows takes nothing back."""
    for place in range(len(sentences) - 1, 0, -1):
        sentence = sentences[place]
        heading = _CHECKS.match(sentence.text)
        if heading and sentence.in_line == 0 and _CHECK_HEADING.match(sentence.text, heading.end()):
            after = sentences[place:]
            return sentences if any(_RETRACTS.search(one.text) for one in after) else sentences[:place]
    return sentences


def _comments(text: str, before: list[Sentence], end: Ending) -> bool:
    """Say whether a sentence only checks what was concluded before it, or comments on it."""
    text = text.lstrip("*_ ")
    if _RETRACTS.search(text):
        return False
    if _CHECKS.match(text) or _CHECKED.search(end.written(text)):
        return True
    if _PLUGS.match(text) and (text.lower().startswith("indeed") or _HOLDS.search(text) or not _RESULTS.search(text)):
        return not before or (wording.leads(before[-1].text) and bool(values(before[-1].text, end)))
    if not _COMMENTS.match(text):
        return False
    return text.startswith(("(", "（", "Note")) or not values(text, end)


def _parts(sentences: list[Sentence], end: Ending) -> str | None:
    """Return the answers of parts, (a), (b), each a sentence or the last of several, in one list."""
    begins = [(place, found) for place, one in enumerate(sentences) if (found := _PART.match(one.text))]
    if len(begins) < 2 or (begins[0][1]["letter"] or begins[0][1]["other"]).lower() not in ("a", "i", "1"):
        return None
    found = []
    bounds = [place for place, _ in begins] + [len(sentences)]
    for (_, label), first, last in zip(begins, bounds, bounds[1:], strict=False):
        own = [sentences[first]._replace(text=sentences[first].text[label.end() :]), *sentences[first + 1 : last]]
        answer = _reading(own[-1], end, "", complete=False)
        if answer is None:
            return None
        found.append(answer)
    return ", ".join(found)
