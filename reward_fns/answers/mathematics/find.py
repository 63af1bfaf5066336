r"""The mathematical answer that a response gives, as it is written there."""

import re

from ttrl_verl.reward_fns.answers.boxes import PLACEHOLDER, boxed, plain
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.mathematics.units import unit_of
from ttrl_verl.reward_fns.answers.number_words import spelled
from ttrl_verl.reward_fns.answers.statement import negated, statements, subject_of_answer

_STATED_CHARS = 300
_FORMULA = re.compile(
    r"\$\$([^$]{1,300})\$\$|\$((?:[^$\\]|\\.){1,300})\$|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]", re.DOTALL
)
_NAMED = re.compile(r"(?:[a-zA-Z](?:_\{?\w{1,3}\}?)?\s{0,3}=\s{0,3})?")
_JOINT = re.compile(r"\s?(?:,|;|、|，)?\s?(?:and|or|&|和|或|与|と)?\s?")
# A dollar sign before an amount is money, unless it opens a formula: no prose stands between it and the next one.
_MONEY = re.compile(r"\$\s?\d[\d,]*(?:\.\d+)?(?![\d$\\^_{}=+*/])")
_PROSE = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}\s[a-zA-Z]{2,}|\.\s[A-Z]")
_SENTENCE_END = re.compile(
    r"\n|(?<!\bsq)(?<!\bcu)\.(?=\s|\Z)|(?:(?<=[\d}$)\]%])|(?<=\\pi))\s[-–—]+\s(?=[A-Za-z]{2})|[。；！？]|(?:(?<=[\d}$)\]%])|(?<=\\pi))[,;，]\s?(?!\s?(?:(?:and"
    r"|or)\s)?[a-zA-Z](?:_\w)?\s?=)(?=[a-zA-Z\u4e00-\u9fff])"
    r"(?!(?:and|or)\s\S{1,12}(?:[.\s]|\Z))|,\s(?:which|where|so|because|since|as)\s"
    r"|(?<=[\d}$)%]),?\s(?:(?:or|i\.e\.,?)\s)?(?:about|approximately|roughly|around|≈)\s(?=\S)"
    r"|(?<=[\d}$]),?\s(?:or|i\.e\.,?)\s(?=[\d.]{1,9}\s?\\?%)"
    r"|,\sand (?:we|this|that|it|thus|so|hence|therefore|the)\s"
    r"|\s(?:because|since|as|so|which|where|when|if)\s|です|である|입니다|이다|예요|이에요"
)
_NUMBER = re.compile(
    r"(?:(?<![\d)}\w])-)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,400})(?:\.\d{1,400})?(?:/\d{1,400})?", re.ASCII
)
_RATHER = re.compile(r"\bbut\s(?:rather\s)?|[,;]\s(?:it['’]s|it is|rather)\s|而是")
_EMPTY_BOX = re.compile(rf"[\s$:*]{{0,4}}\\boxed\s?\{{(?:{PLACEHOLDER})\}}", re.IGNORECASE)
_RULE = re.compile(r"\s{0,3}[-=_*]{3,40}\s{0,3}\n")
_PART_LABELS = re.compile(r"\([a-e]\)\s(?=[$\\\d-])")
_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_STARRED = re.compile(r"(?<![\w*\\$])\*([a-zA-Z])\*(?![\w*])|\A([a-zA-Z])\*(?=\s?=)")
_NEARLY = re.compile(
    r"\A(?:approximately|about|roughly|around|exactly|only|just|the number)\s(?=[\d$\\-])", re.IGNORECASE
)
_UNIT_LETTER = re.compile(r"(?<=\d) (?:[mgsNJWVALh]|Hz|Pa|kg|cm|mm|km)\Z")
# What is said of a number behind it: "(five)", "per day".
_ASIDE = re.compile(
    r"\s?[(（](?:[^()（）\d$\\=]*"
    r"|(?:since|because|as|from|see|i\.e\.|that is|which|where|using|by|note|approx\w*|about|roughly|or|≈)(?!\w)"
    r"[^()（）]*)"
    r"[)）]\Z"
    r"|\sper\s\w+\Z|(?:(?<=[\d}$)%])|(?<=\\pi))(?:\s[a-z]{3,15}){0,2}\s(?:in total|in all|altogether|overall"
    r"|left(?: over)?|remaining|old|long|tall|away|high|wide)\Z"
    r"|(?:(?<=[\d}$)%])|(?<=\\pi))\smore(?:\s[a-z]{2,15}){0,2}\Z"
    r"|(?:(?<=[\d}$)%])|(?<=\\pi))\sof\s(?:the|an?|his|her|their|all)\s[a-z ]{2,30}\Z"
    r"|[\s:;^]{0,3}[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]{1,5}\Z|\s[:;]-?[)D]\Z|(?<=\d\d)!{1,3}\Z"
)
_SPELLED = re.compile(r"(?<=[\d}])\s{0,3}(?:\\text\s?\{\s{0,3})?\([a-zA-Z][a-z \-]{1,60}\)\s{0,3}\}?\Z")
# The option whose text the answer is: \boxed{\textbf{(C) } 12}.
_OPTION_MARK = re.compile(
    r"\A\s{0,3}\\(?:text|textbf|textrm|mathbf|mathrm)\s?\{\s?\([A-J]\)[\s~:.]{0,5}\}"
    r"(?:\s|\\[ ,;:!]|\\q?quad(?![a-zA-Z])|~){0,5}(?=[^\s}])"
)
_COORDINATED = re.compile(r"(?<=[\d}$])[和或与、と](?=[\d\\$-])")
# "The answer should be a positive integer" says of which kind it is.
_KIND = re.compile(
    r"(?:an?|in|as)\s(?:[a-z]{2,12}\s){0,3}(?:integers?|numbers?|fractions?|decimals?|values?|expressions?|sets?|formulas?"
    r"|equations?|polynomials?|functions?|intervals?|form)\b[^\d$\\]*\Z",
    re.IGNORECASE,
)
# What says of an answer that it is elsewhere or open.
_NO_ANSWER = re.compile(
    r"not\s[*_`]{0,2}[\d$\\-]|n/a\b|i (?:do not|don['’]t|can ?not|can['’]t|am not)\b|neither\b|either\s[^.]{1,60}\sor\b"
    r"|(?:still\s|currently\s|as yet\s)?"
    r"(?:unknown|unclear|uncertain|undetermined|ambiguous|not (?:known|clear|given))\b"
    r"|(?:[a-z]{2,12}\s){0,5}(?:above|below|here|in the (?:table|figure|picture|box|text))\Z"
    r"|(?:obvious|clear|wrong|incorrect|correct|right|simple|provided|given|shown)\Z"
    r"|.{1,60}\b(?:but|though) (?:i am|i['’]m|we are) not (?:sure|certain)\b",
    re.IGNORECASE,
)
_HASHED = re.compile(r"(?:\A|\n)####\s?([^\n]{0,80}\d[^\n]{0,40}?)[\s.]*\Z")
_AROUND = " \t\n*_`:#>"
_JOINING = re.compile(r"\s(?:and|or)\s")
_LONG_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+")
_CONCLUDED = re.compile(
    r"(?:(?:and\s)?(?:(?:so|thus|hence|therefore|consequently|finally|in conclusion|in total|altogether|overall"
    r"|in summary|to sum up|to summari[sz]e|in short|as a result|accordingly)(?![a-zA-Z])|∴"
    r"|(?:(?:we|i)\s(?:can\s)?(?:conclude|deduce)|it\sfollows|this means|which means|this implies)\sthat"
    r"|this means|which means|(?=(?:for a total of|(?:this|which) gives|giving(?: us)?)\b)"
    r"|综上(?:所述)?|所以|因此|故|从而)"
    r"[,，:]?\s?)?(?P<said>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_SAYS = re.compile(
    r"(?:\b(?:(?:get|find|obtain)\sthat|is|are|equals|be|get|gets|have|has|obtain|find|gives|yields"
    r"|becomes|means|conclude that"
    r"|costs?|takes?|pays?|paid|earns?|earned|spends?|spent|saves?|"
    r"saved|makes?|made|giving|total of|answer of|(?:converges|tends) to|"
    r"(?:comes?|turns?|works?)\sout\s(?:to|as)"
    r"|(?:simplifies|reduces|evaluates) to|that['’]s|need|needs|holds for|lies in)\b|为|是|得|共有|有|等于)"
    r"(?:\s(?:equal to|exactly|approximately|about|therefore|thus|simply))?\s?:?\s?(?=\S)",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\A[A-Za-z][a-z ]{1,40},\s")  # "Solving, x = 5"
_LED = re.compile(r"(?:for a total of|(?:this|which) gives|giving)\b", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?<!\bsq)(?<!\bcu)(?<!\bapprox)[.!?]\s(?=\S)|[。！？](?=\S)")
# Of a response that is one sentence: "It will take 6 days.", "There are 15 such integers."
_CLAIMED = re.compile(
    r"that['’]s\b|(?:we|i|you(?:\sshould)?)\s(?:get|find|obtain|conclude)\b|(?:this|which|it)\s(?:is|equals|gives|simplifies|reduces|evaluates)\b"
    r"|(?:adding|solving|simplifying|summing|multiplying|dividing|subtracting|combining|substituting|evaluating|computing"
    r"|counting)\b[^.\n]{0,80}?(?:\b(?:gives?|get|obtain|find|yields?)\b|[=,])|"
    r"(?:it|he|she|they|there|we|this)\s(?:will\s|would\s)?(?:is|are|was|were|be|takes?|costs?|needs?|has|have|gives?|equals)\b",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"(?<=[a-z\d}$])\s(?:(?:in order\s)?to\s(?!(?:be|get|the)\b)[a-z]{2,15}\s[^\d$\\=]{1,60}"
    r"|for\s(?:the|each|an?|him|her|them|it)\s[^\d$\\=]{1,60})\Z"
)
_COUNTED = re.compile(
    r"(?:一共|总共|总计|共计|共)?有?\s?(\d[\d,.]{0,20})\s?(?:[种個个条只名人次元对组位天本][\u4e00-\u9fff]{0,4})?"
)
_AND_DONE = re.compile(r",\sand\s(?:we|this|that|it)\s[^.,;\d$\\=]{1,60}[.!]?\Z", re.IGNORECASE)
_HEADING_CHARS = 80
_RESULT_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}\s|\*\*)[^\n]{0,30}\b(?:result|solution|conclusion|total|value)s?[\s:*]{0,6}\Z",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"(-?\d[\d.,/]{0,20})\s([a-z]{1,15}(?:\s[a-z]{2,15}){0,2})", re.ASCII)
_REPLY = re.compile(r"\AA\s?[:：]\s")  # behind "Q: ..."
_RESULT = re.compile(
    r"(?:the\s)?(?:final\s|desired\s|required\s)?(?:result|value|solution|sum|total|product|output|number|count"
    r"|probability|area|volume|length|distance|ratio|cost|price|perimeter)s?(?:\sset)?[*_]{0,2}\s?[:=][*_]{0,2}\s?|a\s?[:：]\s",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"(?:the|our|its|their|this)\s(?:[\w'’\-$\\{}^()+]{1,30}\s){1,12}"
    r"(?=(?:is|are|equals|must be|=|(?:comes|turns|works)\sout|holds for|lies in|converges to|tends to)\s)",
    re.IGNORECASE,
)


def extract_math(text: str, last_number: bool = False) -> str | None:
    r"""Return the answer that a response gives, as written; ``None`` where it gives none.

    In this order: what ``<answer>`` or ``[ANSWER]`` holds; the last ``\boxed{}``, with those that belong to it; the
    value of ``"answer"`` in JSON; what follows the last "answer is", "answer:" and their like; with ``last_number``,
    the last number; a response that is nothing but a formula; a last sentence that concludes ("So x = 5."). A response
    whose last box was cut off, or that ends in "the answer is", has no answer.

    Args:
        text: the final part of a response.
        last_number: take the last number where nothing is boxed or stated. Off, since in a response that was cut off it
            is any number.

    Example:
        >>> extract_math(r"Thus \boxed{\frac{1}{2}}."), extract_math("So the final answer is $x = 3$, as claimed.")
        ('\\frac{1}{2}', 'x = 3')
        >>> extract_math("6 times 7 gives 42") is None, extract_math("6 times 7 gives 42", last_number=True)
        (True, '42')
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
        return _formula(held) or held
    hashed = _HASHED.search(text) if text.rfind("####") >= 0 else None
    if hashed:
        return hashed[1]
    stated, found = _last_statement(text)
    if stated:
        return found
    subject = subject_of_answer(text)
    found = None if subject is None else _statement(subject)
    if found:
        return found
    if last_number:
        numbers = _NUMBER.findall(text)
        return numbers[-1] if numbers else None
    return _bare(text) or _concluded(text)


def _within(held: str) -> str | None:
    """Return the answer of a text that is said to be one: its box, what it states, or itself."""
    has_box, box = boxed(held)
    if has_box:
        return None if box is None else _boxed_statement(box)
    found = _last_statement(held)[1]
    if found is not None:
        return found
    whole = held.strip(_AROUND)
    return (_formula(whole) or whole) if 0 < len(whole) <= _STATED_CHARS else None


def _boxed_statement(held: str) -> str | None:
    r"""Return what a box holds, behind a statement inside it: ``\text{The answer is }5``."""
    if "answer" not in held.lower():
        held = _OPTION_MARK.sub("", held, count=1)
        return (_SPELLED.sub("", held) or held) or None
    bare = plain(_TEXT.sub(r" \1 ", held))
    found = statements(bare)
    return (bare[found[-1].end :].strip(_AROUND) if found else held) or None


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
        if not rest.strip(_AROUND + ".$"):  # cut off where the answer would stand
            return True, None
        found = _statement(rest)
        if found:
            return True, found
        stated = False
    return stated, None


def _statement(text: str) -> str | None:
    """Return the answer at the start of a sentence's rest: its formulas, or its words up to the end."""
    text = text.lstrip("\n")
    rule = _RULE.match(text)
    text = (text[rule.end() :] if rule else text).lstrip(_AROUND)
    nearly = _NEARLY.match(text)
    text = text[nearly.end() :] if nearly else text
    formulas = _formula(text)
    if formulas:
        return formulas
    text = text.replace("**", "")
    text = _STARRED.sub(r"\1\2", text) if "*" in text else text
    end = _SENTENCE_END.search(text)
    found = (text[: end.start()] if end else text).strip(" *_`\"'“”|").lstrip(".… ")
    found = _PART_LABELS.sub("", found) if len(_PART_LABELS.findall(found)) > 1 else _UNIT_LETTER.sub("", found)
    found = _COORDINATED.sub(", ", _ASIDE.sub("", found)).removeprefix("US$")
    given = _GIVEN.match(found)
    if given:  # "The value is 5", below a heading
        found = found[given.end() :].split(" ", 1)[1]
    if not 0 < len(found) <= 120:
        return None
    counted = _COUNTED.fullmatch(found)
    found = counted[1] if counted else found
    number = spelled(found)
    if number is not None and number[1] == len(found):
        return str(number[0])
    # "The answer is well known and simple" states none.
    is_prose = len(_LONG_WORD.findall(found)) > 4 and not any(c.isdigit() or c in "$\\=" for c in found)
    return None if is_prose or _KIND.match(found) or _NO_ANSWER.match(found) else found


def _formula(text: str) -> str | None:
    r"""Return the formula that a text begins with, and those that "and", "or" or a comma joins to it, in one list."""
    found: list[str] = []
    at = 0
    while True:
        name = _NAMED.match(text, at) if not found else None
        begin = name.end() if name and text[name.end() : name.end() + 1] in ("$", "\\") else at
        money = _MONEY.match(text, begin)
        formula = _FORMULA.match(text, begin)
        if not formula or (money and _PROSE.search(formula.group())):
            break
        held = next(group for group in formula.groups() if group is not None).strip()
        found.append(text[at:begin] + held)
        joint = _JOINT.match(text, formula.end())
        at = joint.end() if joint else formula.end()
        if not joint or not joint.group().strip() or len(found) > 20:
            break
    return ", ".join(found) or None


def _bare(text: str) -> str | None:
    """Return a response that is nothing but one formula or number."""
    whole = _REPLY.sub("", text.strip(_AROUND + "."), count=1)
    if not 0 < len(whole) <= 120 or "\n" in whole:
        return None
    formula = _FORMULA.fullmatch(whole)
    if formula:
        return whole
    counted = _QUANTITY.fullmatch(whole)
    if counted and unit_of(counted[2], "many") is not None:
        return counted[1]
    named, equals, value = whole.rpartition("=")
    if equals and "=" not in named and len(named) <= 60 and any(c.isdigit() for c in value) and "$" not in whole:
        whole = whole if _LONG_WORD.search(value) or not _LONG_WORD.search(named) else value.strip()
    return None if _LONG_WORD.search(_JOINING.sub(" ", whole)) or not any(c.isdigit() for c in whole) else whole


def _concluded(text: str) -> str | None:
    """Return what the last sentence concludes: "So x = 5.", "Hence there are 5 solutions.", "The value is $5$."."""
    lines = text.rstrip().rsplit("\n", 1)
    line = lines[-1][-_STATED_CHARS:].strip(_AROUND + "。")
    start = max((m.end() for m in _SENTENCE_START.finditer(line)), default=0)
    sentence = _AND_DONE.sub("", line[start:])
    heading = lines[0][-2 * _HEADING_CHARS :].rstrip().rsplit("\n", 1)[-1] if len(lines) == 2 else ""
    if heading.startswith(("#", "*", " ")) and _RESULT_HEADING.match(heading):
        return _bare(lines[1])
    result = _RESULT.match(sentence)
    if result:
        return _statement(sentence[result.end() :])
    concluded = _CONCLUDED.match(sentence)
    said = concluded["said"] if concluded else ""
    if "\\" in sentence and _EMPTY_BOX.search(sentence):
        return None
    led = concluded is not None and (said != sentence or _LED.match(sentence) is not None)
    alone = len(lines) == 1 and start == 0 and len(sentence) == len(line)  # a response of one sentence
    if not led and not (_GIVEN.match(sentence) or (alone and _CLAIMED.match(sentence))):
        return None
    said = _PURPOSE.sub("", said)
    verbs = [verb.end() for verb in _SAYS.finditer(said)]
    rest = said[verbs[-1] :] if verbs else _OPENING.sub("", said, count=1)
    if not verbs and "=" not in rest:
        return _only_number(said) if led else None
    number = spelled(rest)
    if number is not None:
        return str(number[0])
    found = _statement(rest)
    short = found is not None and len(_LONG_WORD.findall(found)) <= 3
    if found and short and re.search(r"\d|\$|\\|=", found):
        return found
    return _only_number(said) if led else None


def _only_number(said: str) -> str | None:
    """Return the one number of a sentence without formulas: "the train travels 80 miles per hour"."""
    numbers = [] if re.search(r"[$\\=+*^]", said) else list(_NUMBER.finditer(said))
    return numbers[0].group() if len(numbers) == 1 and said[: numbers[0].start()].endswith(" ") else None
