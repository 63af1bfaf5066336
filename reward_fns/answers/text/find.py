r"""Free text: the one that a response answers with."""

import re

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.statement.find import negated, statements
from ttrl_verl.reward_fns.answers.statement.subject import subject_of_answer
from ttrl_verl.reward_fns.answers.text.form import ABBREVIATIONS

_STATED_CHARS, _NAME_CHARS = 1200, 60

_FULL_STOP = re.compile(r"[.!?][\"'”’)\]*_]{0,5} (?=\S)|[。！？](?=.)")
_LEAD = re.compile(
    r"\A(?:(?:(?:based on|according to|judging from|given|from) [^,.]{1,60}, )?(?:(?:so|thus|hence|therefore|then|well"
    r"|ok|okay|sure|clearly|finally|of course|certainly|easy|simple|i think|i believe|i guess)\b[,:!]?\s)*"
    r"(?:(?:it|this|that|he|she|the answer)(?:\s(?:is|was|must be|would be|should be)|['’]s)|they are"
    r"|these are)\s(?=\S)"
    r"|(?:so|thus|hence|therefore)\b,?\s(?=\S)|(?:sure|of course|certainly|easy|simple)[:!]\s(?=\S)"
    r"|(?:i think|i believe|i guess|i would say|i['’]d say|probably|most likely|definitely"
    r"|certainly)\b,?\s(?:that\s)?(?:(?:it|this|that)"
    r"(?:\s(?:is|was)|['’]s)\s)?(?=\S))",
    re.IGNORECASE,
)
_NO_NAME = (
    r"(?:not|no|a|an|the|very|too|so|that|this|well|in|on|at|of|from|by|to|for|with|and|or|also|more|most|less"
    r"|about|unknown|uncertain|unclear"
    r"|there|known|given|found|located|still|correct|right|wrong|likely|probably|clear|based|made|called|because"
    r"|as|when|what|who|which)\b"
)
# "It was written by X", "It happened in 1066": the maker or the year that an unnamed thing has.
_LEAD_BY_VERB = re.compile(
    r"(?:(?:it|this|that|(?:the|this|that) (?:[\w'’-]{1,20} ){1,5}?)\s?(?:is|was|were|are) )?"
    r"(?:written|painted|composed|discovered|invented|directed|founded|designed|created|built|sung|produced"
    r"|published|developed"
    r"|won|led|played|proposed|introduced|coined|signed)(?: and \w{4,12})? by (?=\S)"
    r"|(?:it|this|that|he|she|they|the (?:[\w'’-]{1,20} ){1,4}?)\s?(?:(?:is|was|were) )?(?:happened|occurred"
    r"|took place|began|started|ended"
    r"|born|built|founded|signed|released|published|established|invented|discovered|died) in (?=\d{3,4}\b)",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(
    r".{1,80}?(?:\b(?:is|was|are|were)|['’]s) not (?!(?:only|just|merely|simply)\b)"
    r"[^,.]{1,60}?,? but (?:rather )?(?=\S)"
    r"|[Nn]ot [^,.]{1,40}, but (?=\S)|.{1,80}?\bbut (?:it|that|this|the answer)(?:['’]s| is| was) (?=\S)"
)
_ASKED_AND_DENIED = re.compile(r"\A[^.?!]{1,80}\? (?:No|Nope|Not quite)[,.!:]? (?=\S)")  # "Saturn? No, Jupiter."
_LEAD_ABROAD = re.compile(
    r"\A(?:Es ist|Das ist|Es war|C['’]est|C['’]était|È|É|Это) (?=\S)"
    r"|\A(?:我认为|我觉得|这|它|那)?(?:应该|就)?是(?=[\u4e00-\u9fff])"
    r"|\A[\u4e00-\u9fff]{2,20}的[\u4e00-\u9fff]{1,8}是(?=[\u4e00-\u9fff])"
)
_HELD_RIGHT = re.compile(
    r"(?<=\w)(?<!what)(?<!who)(?<!how)(?<!where)(?<!that)(?<!\bas)(?<!which)(?<!when)(?<!\bif)"
    r"[\"'*_]{0,4} (?:it is|is (?:correct|right|my (?:final )?answer|the (?:correct |right |best )?answer))"
    r"[.!]?\Z"
)
_ONLY_ITEM = re.compile(r"\A\s*1[.)]\s+(?=[*_\"'“]{0,3}[^\W\d])")
# "The capital of France is Paris": what was asked for, and then a name.
_LEAD_BY_QUESTION = re.compile(
    r"[Tt]he (?:[a-z][\w-]{0,20} ){1,3}(?:(?:that|which|who|you|we) (?:[a-z'’]{1,15} ){1,5})?"
    r"(?:(?:of|in|for|on|at) (?:the )?(?:[\w'’-]{1,20} ){1,3}){0,2}(?:is|was|are|were) "
    r"(?=[*_]{0,2}(?:the )?[A-Z0-9“\"'$.]|[^\x00-\x7f])"
    # "The sky is blue": a word or two, and no more of a sentence.
    rf"|(?:[Tt]he|[Tt]his|[Tt]hat) (?:[\w-]{{1,20}} ){{1,2}}(?:is"
    rf"|was) (?=(?!{_NO_NAME})[a-z][\w'’-]{{2,20}}(?: (?!{_NO_NAME})[a-z][\w'’-]{{2,20}})?[.!]?\Z)"
    # "The word on the sign reads "Stop"", "The process is called photosynthesis".
    r"|(?:[Tt]he|[Tt]his|[Tt]hat) (?:[\w'’-]{1,20} ){1,7}(?:(?:is|are|was|were) (?:called|named|known as|spelled"
    r"|labell?ed|titled)"
    r"|reads?|says?):? (?=\S)"
)
_RELATIVE = re.compile(
    r"[，,](?:因为|因為|所以|它|这|這)|,?\s(?:which|who|whose|where|because|since|as it|as he|as she|as they)\s"
    r"|,\s(?:at|with|located|standing|known|born|as|so|and it|it|he|she|they|i)\s",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"(?<=\w)(?:, (?:and )?| (?=rather than|instead of))(?:not|rather than|instead of) [^,]{1,80}\Z", re.IGNORECASE
)
_APPOSITION = re.compile(r"(?<=\w), (?:[A-Z]\w{1,20}['’]s|the|an?) [a-z][^,]{1,80}\Z")
_REPLY = re.compile(r"\A[\s*_>]{0,4}(?:A|Ans|ANS)[*_]{0,2}\s?[:：][*_]{0,2}\s")  # as in "Q: ...", "A: Berlin"
_AFFIRMED = re.compile(r"(yes|no|true|false|maybe|correct|incorrect)\b\s?[,;:—–-]\s?(?=\S)", re.IGNORECASE)
_EAST_ASIAN_END = re.compile(
    r"(?<=[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af」』》])(?:です|である|だ|입니다|이다|예요|이에요)[.。]?\Z"
)
_AROUND = " .,;:!?\"'`*_#>$()[]{}“”‘’«»|~^=…。，、；：？！．｡،؟।「」『』《》〈〉（）【】〔〕¿¡"


def extract_text(text: str) -> str | None:
    r"""Return the text that a response answers with; ``None`` where there is none.

    In this order: what ``<answer>`` or the last ``\boxed{}`` holds, or ``"answer"`` in JSON; what follows the last "the
    answer is" or "Answer:"; "Paris is the answer"; the last line. Of what is stated and of the last line, the first
    sentence counts, without "It is" before it and a relative clause behind it: the explanation is no part of the
    answer.

    Example:
        >>> extract_text("Let me think.\nThe answer is: Paris. It lies on the Seine.")
        'Paris.'
        >>> extract_text("It is Paris, which lies on the Seine."), extract_text('{"answer": "J. Doe"}')
        ('Paris', 'J. Doe')
    """
    held = tagged(text)
    if held is not None:
        has_box, box = boxed(held)
        found = box if has_box else (_stated(held)[1] or held)
        return (found or "").strip() or None
    has_box, held = boxed(text)
    if has_box:
        return (held or "").strip() or None
    held = from_json(text)
    if held is not None:
        return held
    text = text.replace("\\boxed{}", "").replace("\\boxed{ }", "")
    stated, found = _stated(text)
    if stated:
        return found
    subject = subject_of_answer(text)
    if subject is not None:
        return subject
    text = _HTML.sub("", text) if "<" in text else text
    lines = [line for line in text.split("\n") if line.strip()]
    line = lines[-1] if lines else ""
    if len(lines) == 2 and _goes_on_about(*lines):
        line = lines[0]
    if "\n" not in text.strip():
        line = _ONLY_ITEM.sub("", line, count=1)
    return _sentence(_REPLY.sub("", line, count=1))


_HTML = re.compile(r"</?(?:b|strong|em|i|u|p|span|div)>", re.IGNORECASE)


def _goes_on_about(first: str, last: str) -> bool:
    """Say whether the last line says more of what the first one names: "Jupiter.", "Jupiter is a gas giant."."""
    name = first.strip(_AROUND)
    return (
        0 < len(name) <= _NAME_CHARS
        and re.match(rf"{re.escape(name)} (?:is|was|are|were|has|had)\b", last.strip()) is not None
    )


def _stated(text: str) -> tuple[bool, str | None]:
    """Return whether a text states an answer, and the last one that it states."""
    for statement in reversed(statements(text, _LABELS)):
        rest = text[statement.end : statement.end + _STATED_CHARS].lstrip(" :*_\t")
        # With nothing behind it, the answer is on the next line; on the last line, it was cut off.
        line = next((line for line in rest.split("\n") if line.strip(_AROUND + "\t\r")), "")
        if negated(text, statement):
            continue
        return True, _sentence(line)
    return False, None


_LABELS = ("ответ:",)


def _sentence(line: str) -> str | None:
    """Return the answer at the start of a line: its first sentence, without what leads to it and explains it."""
    line = _first_sentence(_ASKED_AND_DENIED.sub("", " ".join(line[:_STATED_CHARS].split()), count=1))
    if len(line) > len("it is"):
        rather = _NOT_BUT.match(line)
        line = line[rather.end() :] if rather else _LEAD_ABROAD.sub("", _LEAD.sub("", line, count=1), count=1)
        line = _HELD_RIGHT.sub("", line)
        asked = _LEAD_BY_QUESTION.match(line) or _LEAD_BY_VERB.match(line)
        line = line[asked.end() :] if asked else line
    line = _APPOSITION.sub("", _CONTRAST.sub("", line, count=1), count=1)
    relative = _RELATIVE.search(line, 1)
    line = line[: relative.start()] if relative else line
    affirmed = _AFFIRMED.match(line.lstrip(_AROUND))
    line = affirmed[1] if affirmed else line
    return _EAST_ASIAN_END.sub("", line.rstrip("。")).strip() or None


def _first_sentence(line: str) -> str:
    """Return the line up to its first full stop that ends a sentence; "St. Paul", "J.K. Rowling" and "10." end "
    "none."""
    for match in _FULL_STOP.finditer(line):
        if line[match.start()] != ".":
            return line[: match.end()].strip()
        word = line[max(0, match.start() - 20) : match.start()].rsplit(" ", 1)[-1].strip(_AROUND)
        at_start = not line[: match.start()].strip(_AROUND + "0123456789")
        if len(word) > 1 and word.casefold() not in ABBREVIATIONS and "." not in word and not at_start:
            return line[: match.end()].strip()
    return line
