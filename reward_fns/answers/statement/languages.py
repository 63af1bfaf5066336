"""The words for "answer" in other languages than English, and what must stand behind each where an answer is stated."""

import re

MARK = r"[*_`\"'”’)\]}]{0,4}"
"""What may close behind a word, as a pattern: emphasis, quotes, brackets."""
HEADING = re.compile(rf"{MARK}\s{{0,3}}\n")
"""A line that ends behind the word: a heading, with the answer below."""
FOREIGN_WORDS = (
    "respuesta",
    "antwort",
    "réponse",
    "reponse",
    "risposta",
    "resposta",
    "odpowiedź",
    "svar",
    "antwoord",
    "ответ",
    "oтвет",
    "đáp án",
    "jawaban",
    "jawabannya",
    "svaret",
    "risultato",
    "lösung",
    "solución",
    "solução",
    "soluzione",
    "la solution",
    "resultado",
    "résultat",
    "ergebnis",
    "endergebnis",
    "результат",
    "odpověď",
    "вариант",
    "răspuns",
)
WORDS_WITHOUT_VERB = ("cevap", "yanıt", "відповідь", "απάντηση", "الإجابة", "الجواب", "پاسخ", "תשובה", "उत्तर", "जवाब",
                       "উত্তর", "คำตอบ", "válasz", "vastaus")  # fmt: skip
EAST_ASIAN_WORDS = ("答案", "结果", "正解", "答え", "解答", "答", "的解", "정답", "답")
_FOREIGN = re.compile(
    r"(?:\s(?:final|finale|finală|correcta?|correcte?|richtige|corretta|giusta|correta|definitiva|đúng|cuối cùng"
    r"|yang benar|akhir|akhirnya|правильный|верный|správná|prawidłowa|corect)){0,2}"
    r"(?:\s?[:：=]|\s?[-–—]+(?=\s)|\s(?:es|est|ist|lautet|é|è|e|sería|será|serait|wäre|sarà|seria|is|jest|är|er|je|"
    r"debe ser|doit être|muss|là|adalah|este|on)\b"
    r"(?:,?\s(?:donc|alors|also|daher|somit|demnach|por (?:lo )?tanto|entonces|pues|portanto|então|quindi|dunque"
    r"|pertanto|zatem|dus|alltså|maka)\b,?)?"
    r"(?:\s(?:la|le|die|der|das|el|il|o|a)(?=\s))?(?:\s(?:opción|option|lettre|opção|alternativa|alternative|opzione"
    r"|letra|lettera)\b)?\s?[:：]?)",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile(
    r"[】\]）)」』*_]{0,4}\s?(?:[:：=]|(?:应该|应当|应|就|正|便|只能|必须|必|也|显然|当然|可能)?\s?"
    r"(?:选择|選擇|選|选|等于|是|为|為|는|은|이|は|が)\s?(?:选项|選項|選択肢)?[:：]?|(?<=[】\]）)」』*_])(?!\s?[（(]?[^\W\d]{2})|\s(?=[（(]?[A-Z][)）]?(?:[。.\s]|\Z))|(?=[【「]))"
)
# Languages whose verb is left out or stands behind the answer: what follows must be a letter, a digit or a formula.
_WITHOUT_VERB = re.compile(
    r"(?:[^\W\d_]{0,4}(?:\s(?:الصحيحة|الصحيح|النهائية|النهائي|правильна|נכונה|הנכונה|الصحیح|صحیح|نهایی))?"
    r"(?:\s(?:هي|هو|היא|είναι|คือ|হলো|হল))?|คือ)\s?"
    r"(?:[:：]|(?<=\s)(?=[*(]{0,3}(?:[A-Z](?![A-Za-z])|[\d$\\-]))|(?<=(?:هي|هو)\s))",
)


def foreign(text: str, start: int, end: int) -> int | None:
    """Return where the answer begins behind a word that its verb follows; ``None`` where none is stated."""
    stated = None if text[start - 1 : start].isalpha() else _FOREIGN.match(text, end)
    return stated.end() if stated else None


def east_asian(text: str, start: int, end: int) -> int | None:
    """Return where the answer begins behind a Chinese, Japanese or Korean word; ``None`` where none is stated."""
    heading = HEADING.match(text, end)
    if heading:
        return heading.end()
    stated = _EAST_ASIAN.match(text, end)
    return stated.end() if stated else None


def without_verb(text: str, start: int, end: int) -> int | None:
    """Return where the answer begins behind a word that needs no verb; ``None`` where none is stated."""
    stated = None if text[start - 1 : start].isalpha() else _WITHOUT_VERB.match(text, end)
    return stated.end() if stated else None
