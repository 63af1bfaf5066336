"""The letter that the last sentences of a line conclude: "So I choose option C.", "C is correct.", 故选C."""

import re

from ttrl_verl.reward_fns.answers.choice.option_letters import ALSO, CONDITION, KIND, LETTER, WRONG, letter_of

# What one does with an option: "I choose C", "I lean towards B"; a bare verb has a subject, or begins.
_DONE = (
    r"leaning|choos(?:e|ing)|chose|pick(?:ed)?|select(?:ed)?|conclude|go(?:ing)? (?:with|for)|went with|opt for"
    r"|vote for"
    r"|stick(?:ing)? with"
    r"|(?:lean(?:s|ing|ed)?|inclined|point(?:s|ed|ing)?|switch(?:ed|ing)?|go(?:es)?|com(?:es|ing)?|boils"
    r"|narrow(?:s|ed)?)"
    r"(?: down| back)?(?: to say| towards?| to)"
    r"|settl(?:e|ed|ing) (?:on|for)|land(?:s|ed|ing)? on|decid(?:e|ed|ing) (?:on|for)|confident (?:in|of"
    r"|that it['’]?s?(?: is)?)"
    r"|chang(?:e|ed|ing) (?:my|the|his|her)\s(?:answer|choice|mind)(?: from \(?[a-z]\)?)? to"
    r"|(?:\A\W{0,4}(?:(?:so|then|thus|just|please|now),?\s)?"
    r"|\b(?:i|we|you|one)(?:['’]d|['’]ll)?\s(?:(?:would|will|should|must|can|could|have to)\s){0,2})"
    r"(?:mark|tick|circle|put|enter|submit|guess|vote|take|prefer|favou?r|say|answer)"
    r"|i (?:say|think|believe|guess|got|get|end up with|arrive at)|i'd say|left with"
)
# What leads to it: "this leaves only D", "the evidence supports D", "matches C", "given in C".
_GIVEN = (
    r"(?:must|has to|can only|should) be|leav(?:es|ing)(?: us with)?(?: only| just)?|leads? (?:us )?to"
    r"|match(?:es)?(?: with)?"
    r"|correspond(?:s|ing) to|(?:consistent|compatible|agrees?|aligns?|in line|fits) with"
    r"|(?:described|given|shown|listed|represented|expressed) (?:by|in)"
    r"|most nearly means|(?:this|that|which|it) (?:clearly |strongly )?(?:implies|means|suggests|confirms"
    r"|indicates|gives|yields)"
    r"|(?:evidence|data|passage|text|facts?|results?|graph|table|context|analysis|numbers?)\s(?:\w{3,12}ly\s)?"
    r"(?:supports?|favou?rs?|suggests?|indicates?|confirms?|fits?|implies)"
)
# What it is said to be: "the best fit is C", "the one that does not belong is D", "my pick would be B".
_CALLED = (
    r"the (?:most|least) \w{2,15}|\bthe \w{2,12}est(?:\s\w{1,15}){0,3}\s(?:is|would be)"
    r"|\b(?:most|least|best|correct|right|next|true|closest)(?:\s[^.;:,?]{0,60}?)?\s(?:is|would be)"
    r"|(?:the|only)\s(?:only\s)?(?:one|statement|option|choice|sentence|pair|set|figure|graph|diagram|equation"
    r"|value|answer"
    r"|possibility|candidate)\s(?:that|which|who|for which|where|with|to|left|remaining)\b[^.;:]{0,60}?\sis"
    r"|the (?:false|untrue|incorrect|remaining|odd|exceptional) (?:one|statement|sentence|claim) (?:left )?is"
    r"|the remaining option is|(?:winner|result|solution|right one) is|(?:pick|choice|guess|selection|vote) (?:is"
    r"|would be|will be)"
    r"|(?:it|that|this|which)(?:['’]s| is| was)|is clearly|is definitely|being"
)
_ABROAD = (
    r"ich (?:wähle|nehme)|(?:richtig|korrekt) ist|somit|daher ist|elijo(?: la)?|escojo(?: la)?|por (?:lo )?tanto"
    r"|entonces"
    r"|je choisis(?: la)?|donc|quindi(?: la)?|scelgo(?: la)?|portanto|escolho(?: a)?|letra|[вb]ыбираю|поэтому|значит"
    r"|odpowiedź to|wybieram|jag väljer|\bes(?: ist)?|c['’]est(?:\sla)?(?:\sréponse)?"
    r"|\b(?:opción|alternativa|opção|option|opzione|lettre|letra|lettera)(?:\s[\w]{1,12})?\s(?:es|é|è|est"
    r"|ist)(?:\s(?:la|a|die))?"
)
# A last sentence such as "So I choose option C.", "Hence (C).", 故选C.
_CHOSEN = re.compile(
    rf"(?<!not )(?<!n't )(?:(?i:\b(?:option|choice|{_DONE}|{_GIVEN}|{_CALLED}|{_ABROAD}"
    r"|probably|definitely|certainly|maybe|perhaps|most likely|actually|mind:|yes,|okay,|ok,|sure,|no,"
    r"|scratch that,|correction:"
    r"|rather,|so|thus|hence|therefore|elimination|conclusion|tl;?dr|answer(?: choice|['’]s)?|=>)"
    r"|→|(?<!不)(?:[应應故]?[选選](?:择|擇|项|項)?|应该是|应是|应为|而是|(?:正确|对)的是)))"
    rf",?:?\s?(?i:{KIND}){LETTER}"
)
# "C is correct.", "C best describes it.", "C makes sense."
_IS = (
    r"is|was|must be|has to be|should be|will be|sounds?(?: about)?|seems?(?: to be)?|appears?(?: to be)?|looks"
    r"|would be"
)
_WORTH = (
    r"the\s(?:(?!wrong|incorrect|trap|worst|common|tempting|least)[a-z-]{3,15}\s){1,2}(?:answer|choice|option)"
    r"|the\sbetter"
    r"|(?:the\s)?(?:only\s|most\s|single\s)?(?:correct|right|true|best|answer|accurate|valid|appropriate|one"
    r"|option|choice"
    r"|solution|consistent|better(?! than))"
    r"|(?:the\s)?(?:only|(?:the\s)?(?:most|more))\s(?:likely|suitable|plausible|reasonable|sensible|logical"
    r"|fitting|relevant)"
    r"|likely"
    r"|(?:my|our|the)\s(?:final\s|chosen\s)?(?:choice|pick|guess|winner|odd\sone\sout|exception|outlier)"
    r"|my\s(?:final\s)?answer"
    r"|(?:the )?closest|the (?:false|incorrect|untrue|exceptional) (?:statement|sentence|claim|one)"
    r"|what we (?:want|need|are looking for)"
)
_HELD = re.compile(
    r"(?:(?i:option|choice|statement|answer|选项)\s?)?(?:\(([A-Za-z])\)|(?<![A-Za-z0-9_'’.])([A-Z]))(?:\s?[.)])?"
    r"(?:\s\([^()]{1,40}\)|,\s[^,.]{1,30},)?\s?"
    rf"(?:(?:{_IS})\s(?:(?:therefore|thus|clearly|indeed|definitely|obviously)\s)?(?:{_WORTH})\b"
    rf"|(?:as\s)?the\s(?:correct|right"
    r"|best)\s(?:answer|choice|option|one)\b"
    r"|it is(?=[.!]|\Z)|(?:is|is it)(?=[.!]?\Z)|(?:correct|right|true|richtig|korrekt)(?=[.,;!]|\Z)"
    r"|(?:wins|answers the question|stands out|(?:looks|sounds)\sgood)\b|explains\s(?:it|this|that|the)\b"
    r"|makes\s(?:the\s)?(?:most|more|better|best)\ssense\b|best\s(?:describes|fits|explains|matches|answers"
    r"|represents|captures)\b"
    r"|(?:fits|works|holds|matches|follows|applies|satisfies|remains|is left)\b"
    r"|(?:es|est|è|ist)\s(?:la\s)?(?:correcta|correcto|correcte?|bonne|corretta|giusta|richtig|korrekt)\b"
    r"|(?:项|項|选项)?(?:才|显然|明显)?(?:是|为)?(?:正确|对(?![于应比面])|正確|符合)|が正(?:解|しい)|(?:가|이)\s?(?:정답|맞))"
)
_SAYS = re.compile(r"\b(?:what|as) (?:option )?\(?([A-Z])\)?\s(?:says|states|describes|shows|claims)(?=[.,;!]|\Z)")
# "This makes C correct.", "That makes D the answer."
_MADE = re.compile(
    rf"(?i:\bmak(?:es|ing|e) {KIND})\(?([A-Z])\)?\s(?:the\s)?(?:only\s|most\s|single\s)?(?:correct|right|best"
    rf"|true|answer|winner|one|likely|valid|choice|option)\b"
)
# Weaker, where nothing else is concluded: "B is the largest.", "D over A", "but B is more precise".
_TOLD = re.compile(
    r"(?:(?<![A-Za-z0-9_'’.])(?:option\s)?\(?([A-Z])\)?\s(?:is|was)\s(?:clearly\s)?the\s(?:\w{2,12}est|most|least)\b"
    r"|(?:\A|,\s)(?:option\s)?\(?([A-Z])\)?\sover\s(?:option\s)?\(?[A-Z]\)?[.!]?\Z"
    r"|,\sbut\s(?:option\s)?\(?([A-Z])\)?[.!]?\Z"
    r"|\bbut\s(?:option\s)?\(?([A-Z])\)?\s(?:is|was|seems)\s(?:more|better|clearer|closer|stronger)\b"
    r"|\b[Oo]nly (?:option )?\(?([A-Z])\)?\s(?:\w{3,12}ly\s)?(?!is\b|was\b)(?:[a-z]{2,12}s|can|could)\b"
    r"|\A\W*(?:[Aa]ll|[Ee]ach|[Ee]very\w{0,5})\b[^.]{0,80}\b(?:are|is|were|can|do|have|has|work|fit)\b[^.]{0,60}"
    r"\s(?:except|but)\s(?:for\s)?(?:option\s)?\(?([A-Z])\)?[.!]?\Z)"
)
# "Not A, not B: C", "Not B, but D"
_NOT_BUT = re.compile(
    rf"\W*(?i:(?:it(?:['’]s| is)\s)?(?:not|neither)\s{KIND})\(?[A-Z]\)?(?:(?:,\snot|,?\s(?:and not|or|nor"
    rf"|and))\s\(?[A-Z]\)?)*"
    rf"\s?(?:[,;:—–-]+\s?(?:but\s|so\s|rather\s)?|but\s)(?i:{KIND})\(?([A-Z])\)?\W*"
)
_EXCEPT = re.compile(
    r"\b(?:wrong|incorrect|false|excluded|eliminate[sd]?|exclude[sd]?|rule[sd]? out)"
    r"(?:\s(?:everything|all|every\w{0,5}|the others?)(?:\s\w{1,10}){0,2})?"
    rf"\s(?:except|but|apart from|other than)\s(?:for\s)?(?i:{KIND})\(?([A-Z])\)?[.!]?\Z"
)
# Two hold: "B is correct, but so is C", "C is correct too".
_TOO = re.compile(
    r"\(?[A-Z]\)?\s(?:is|was|would be|could be|seems|looks)\salso\b(?!\s(?:wrong|incorrect|false|not|too|out|invalid))"
    r"|\(?\b[A-Z]\)?\s[a-z ]{1,30}\s(?:too|as well)[.!]?\Z|\bso (?:is|does) (?:option )?\(?[A-Z]\b"
)
# A sentence that opens as one that concludes does, and ends in a lone letter: "All things considered, B."
_OPENING = re.compile(
    r"\W*(?i:(?:so|and|then)\s)?(?i:if|when|after|by|in|on|upon|given|based|having|considering|comparing|looking"
    r"|putting|weighing"
    r"|checking|taking|from|with|to|since|as|because|all|at|of|among|between|without|forced|overall|finally"
    r"|ultimately|honestly"
    r"|clearly|obviously|surely|tentatively|evidently|undoubtedly|apparently|presumably|likely|just|only|simply"
    r"|definitely"
    r"|certainly|really|indeed|hence)\b(?:(?!(?<![\w'])[A-Z](?![\w'])|\?).){0,120}?"
    rf"(?:,|:|—|–|\s-|(?<=ly)|(?<=[Jj]ust)|(?<=[Oo]nly))\s(?i:(?:but|so|maybe|then"
    rf"|but really)\s)?(?i:{KIND})\(?([A-Z])\)?[.!]{{0,3}}"
)
_ROMAN_ONLY = re.compile(r"\W*(?:[IVX]{1,4}(?:,|,?\s(?:and|&))?\s){1,6}(?i:only)\s?[:,—–-]\s?\(?([A-Z])\)?\W*")
# A full stop behind a capital ends a sentence before a lone letter: "Not D. B."
_SENTENCE = re.compile(
    r"(?<=[^A-Z\s][.!?])(?<!\b[Ff]ig\.)(?<!\b[Ee]q\.)(?<!\b[Ss]ec\.)\s+|(?<=\b[A-Z][.?])\s+(?=\(?[A-Z]\)?[.!]?\Z)"
    r"|(?<=[。！？；;])\s*"
)
_REFERRED = re.compile(r"\b(?:see|in|of|consider|check|about|like|unlike|than|examine)\s\Z", re.IGNORECASE)
_MENTIONED = re.compile(r"(?:option|choice)\s?\(?[A-Za-z]", re.IGNORECASE)  # "Option A, the nucleus, stores DNA."
_ASKS = re.compile(r"\s?(?:is|are|could|would|might|can|what|why|should)\b", re.IGNORECASE)
# What has a letter for its name: "angle A is right".
_NAMED = re.compile(
    r"\b(?:angle|point|vertex|side|line|vitamin|type|group|team|company|person|player|box|set|event|matrix|plan"
    r"|part|step|circle"
    r"|city|car|block|student|machine|country|grade|class|row|column|level|ray|plane|sample|set|function|graph"
    r"|planet|star"
    r"|city|town|store|item|figure|case|section)\s\(?\Z",
    re.IGNORECASE,
)
_NAMES_ONE = re.compile(r"(?<![A-Za-z])[A-Z](?![A-Za-z])|\([a-z]\)")  # most sentences have no letter alone
_ENDING = re.compile(r"(?:\A|\s)\(([A-Za-z])\)[.!\s]*\Z")
_ASKED_FOR = re.compile(
    r"the (?:only )?(?:one|statement|option|choice|sentence|claim|incorrect|false)\b", re.IGNORECASE
)
_TRUE = re.compile(r"(?<![A-Za-z0-9_'’.])([A-Z])\)?\sis\s(?:also\s)?(?:true|correct|right)\b")
_TURNS = re.compile(r"\b(?:so|thus|hence|therefore|but|however)\b(?!.*\b(?:also|too|as well)\b)", re.IGNORECASE)
_LONE_SENTENCE = re.compile(r"\(?([A-Z])\)?[.!]?")
_HYPOTHETICAL = re.compile(
    r"\b(?:tempted|almost|nearly|never|(?:i|we)\sdoubt|unlikely|mistake|error|trap|avoid|anything|(?:classmates?"
    r"|friends?|students?|people|others"
    r"|they|everyone|some)(?:\s(?:would|might|may))?(?=\s(?:choos|chose|pick|say|said|select))|if|whether|suppose"
    r"|could|might|may|between|thought|first|initially|at first|not|cannot|\w{2,6}n['’]t|wrong"
    r"|incorrect|"
    r"eliminate[ds]?|rule[ds]?\sout|unless|neither|tempting|unlike"
    r"|although|though|while|whereas|even if)\b(?:(?!\b(?:but|so)\b)[^.,;]){0,40}\Z|(?:不是|不选|排除)[^，,。]{0,10}\Z",
    re.IGNORECASE,
)


def concluded_letters(line: str) -> set[str]:
    """Return the letters that the last sentences of a line conclude, from the last one that concludes any.

    Example:
        >>> concluded_letters("A is too small. So I lean towards B."), concluded_letters("It is A or B.") == {"B"}
        ({'B'}, False)
    """
    sentences = _SENTENCE.split(line)
    affirmed = _ASKED_YES.search(line) if line.rfind("? ") >= 0 else None
    if affirmed and affirmed[1].isupper():
        return {affirmed[1]}
    true = {match[1] for match in _TRUE.finditer(line)}
    for sentence in reversed(sentences):
        if _NAMES_ONE.search(sentence) is None or (sentence.endswith("?") and _ASKS.match(sentence)):
            continue
        found = _said(sentence) or _ended(sentence) or _told(sentence)
        if not found and sentence is not sentences[0] and (lone := _LONE_SENTENCE.fullmatch(sentence)):
            found = {lone[1]}
        if found:  # of several that are true none is the one
            return true if len(true) > 1 and found <= true and _TRUE.search(sentence) else found
    return set()


def _said(sentence: str) -> set[str]:
    """Return the letters that a sentence chooses or holds; of several the one behind its last "so" or "but"."""
    rather = _NOT_BUT.fullmatch(sentence) or _EXCEPT.search(sentence)
    if rather:
        return {letter_of(rather)}
    found: list[tuple[int, str]] = []
    for pattern in (_CHOSEN, _HELD, _MADE, _SAYS):
        for match in pattern.finditer(sentence):
            at = match.start(match.lastindex or 0)
            # "The one that does not belong is D": what is denied there belongs to the question.
            upto = match.start() if _ASKED_FOR.match(match.group()) else at
            if _HYPOTHETICAL.search(sentence, max(0, upto - 60), upto) or WRONG.match(sentence, match.end()):
                continue
            if CONDITION.match(sentence, match.end()):
                continue
            if pattern is _CHOSEN and _MENTIONED.match(match.group()):
                referred = _REFERRED.search(sentence, max(0, match.start() - 20), match.start())
                if referred or sentence[match.end() :].strip(" .!)]"):
                    continue
            if pattern is _HELD and _NAMED.search(sentence, max(0, at - 12), at):
                continue
            found.append((at, letter_of(match)))
            if ALSO.match(sentence, match.end()) or _before_too(sentence, at, pattern is _CHOSEN):
                found.append((at, "two"))
    if found and _TOO.search(sentence):
        found.append((len(sentence), "two"))
    found.sort()
    letters = {letter for _, letter in found}
    if len(letters) > 1 and found[-1][1] != "two":
        last = found[-1][1]
        before = max(at for at, letter in found if letter != last)
        behind = min(at for at, letter in found if letter == last and at > before)
        return {last} if _TURNS.search(sentence, before, behind) else letters
    return letters


def _ended(sentence: str) -> set[str]:
    """Return the letter in parentheses that a sentence ends in: "The velocity is 42 m/s (C)."."""
    ending = _ENDING.search(sentence)
    if ending is None:
        return set()
    joined = _before_too(sentence, ending.start(1) - 1) or _HYPOTHETICAL.search(sentence, 0, ending.start())
    return set() if joined else {ending[1].upper()}


_SINCE = re.compile(rf"\W*(?i:since|as|because|given that|with)\b([^.?]{{3,120}}),\s(?i:{KIND})\(?([A-Z])\)?[.!]?")


# "The main idea is A.": what was asked for, but not what has a letter for its name or value.
_THE_ONE = re.compile(
    r"\W*(?i:(?:so|thus|hence|therefore|then),?\s)?[Tt]he\s(?P<what>[a-z][a-z' -]{2,60}?)\sis\s"
    r"(?:best described as\s|clearly\s)?"
    rf"(?i:{KIND})\(?([A-Z])\)?[.!]?"
)
_LETTERED = re.compile(
    r"\b(?:notes?|keys?|grade|type|symbol|element|letter|vertex|points?|centre|center|midpoint|origin|variable"
    r"|vitamin|group|class"
    r"|set|matrix|event|angle|side|line|person|player|team|intersection|charge|unit|gene|allele|blood|name"
    r"|initial|reading|current"
    r"|not|incorrect|wrong)\b"
)
_BY_CASE = re.compile(r"\bif\b.*\b(?:otherwise|else)\b", re.IGNORECASE)
_ASKED_YES = re.compile(
    r"\bis (?:it |the answer )?(?:option )?\(?([A-Z])\)?(?: \w{2,10}){0,3}\? yes\b[^A-Z]*\Z", re.IGNORECASE
)


def _told(sentence: str) -> set[str]:
    """Return the letter that a sentence names as the one that was asked for, where it concludes in no other way."""
    if _BY_CASE.search(sentence):
        return set()
    the_one = _THE_ONE.fullmatch(sentence)
    if the_one and not _LETTERED.search(the_one["what"]):
        return {the_one[2]}
    whole = _OPENING.fullmatch(sentence) or _ROMAN_ONLY.fullmatch(sentence)
    if whole:
        return {letter_of(whole)}
    since = _SINCE.fullmatch(sentence)
    if since and not re.search(rf"\b{since[2]}\b", since[1]):
        return {since[2]}
    found = set()
    for match in _TOLD.finditer(sentence):
        at = match.start(match.lastindex or 0)
        if not (_HYPOTHETICAL.search(sentence, max(0, at - 60), at) or _NAMED.search(sentence, max(0, at - 12), at)):
            found.add(letter_of(match))
    return found


def _before_too(sentence: str, at: int, comma: bool = True) -> bool:
    """Say whether another letter is joined to the one that begins there: "A or C", and by a comma where that may be."""
    before = sentence[max(0, at - 20) : at].rstrip("( ")
    if before.endswith(",") and not comma:
        return False
    return _JOINS.search(before) is not None


_JOINS = re.compile(
    r"(?<!\w)\(?[A-Z]\)?\s?(?:/|&|,|,?\s?\b(?:or|and)|[或和与、]|,?\s?\b(?:or|and)\s(?:maybe|possibly|perhaps|even"
    r"|probably))\Z"
)
