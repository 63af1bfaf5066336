"""The benchmarks: where they are, how their rows look, and how many there must be.

Hub ids and revisions are those that public projects pin; nothing was downloaded here (no network), so the hub's own
columns are as its data set cards list them. A local copy (``--from``) may also have TTRL's layout: a JSON array of
``{prompt, answer, source, id}``.
"""

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.questions.rows import file_rows

QUESTION_KEYS = ("problem", "prompt", "question", "Question", "Problem")
ANSWER_KEYS = ("answer", "Answer", "ground_truth")
ID_KEYS = ("id", "unique_id", "ID", "Record ID")
OPTION_KEYS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
LETTERS = "ABCD"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark.

    Attributes:
        hub: its id on the hub.
        config: the hub's name for the part of it; ``None`` where it has no parts.
        split: the hub's split.
        revision: the commit on the hub.
        rows: how many questions it has.
        answer_type: how its answers are compared.
        content: the SHA-256 of its content as TTRL publishes it (see ``content_sha256``), where it was computed.
        levels: questions of each level, where it has levels.
        gated: whether the hub wants its terms accepted first.
    """

    hub: str
    split: str
    revision: str
    rows: int
    answer_type: str = "math"
    config: str | None = None
    content: str | None = None
    levels: Mapping[int, int] = field(default_factory=dict)
    gated: bool = False


BENCHMARKS = {
    "aime24": Benchmark(
        "HuggingFaceH4/aime_2024",
        "train",
        "2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
        30,
        content="8227863b9ae9b8353c8f84d4641e23c451c21f1c2293fb73ccc61d6943ad7123",
    ),
    "aime25": Benchmark("math-ai/aime25", "test", "563bb8404243c5f09de6ec262f2db674fe5bce9b", 30),
    "amc": Benchmark(
        "AI-MO/aimo-validation-amc",
        "train",
        "69d78a4a2c840e82d69af6bc742bda09005f6316",
        83,
        content="f07ac3bc1cf5833d3e35a5db737659d4cd567461f782c15ebe5d835b97a662c6",
    ),
    "math500": Benchmark(
        "HuggingFaceH4/MATH-500",
        "test",
        "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
        500,
        levels={1: 43, 2: 90, 3: 105, 4: 128, 5: 134},
    ),
    "gpqa": Benchmark(
        "Idavidrein/gpqa",
        "train",
        "633f5ee89ab8ad4522a9f850766b73f62147ffdd",
        198,
        answer_type="choice",
        config="gpqa_diamond",
        gated=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a benchmark.

    Attributes:
        where: the file and line, or the hub's id and row.
        text: the question, options included.
        answer: the ground truth as the source has it; a letter where there are options.
        id: the source's own, or its row.
        level: 1 to 5, where the source says.
    """

    where: str
    text: str
    answer: str
    id: str
    level: int | None = None


def hub_rows(benchmark: Benchmark) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the rows of a benchmark on the hub, and where each stands.

    Raises:
        InputError: it cannot be reached, or its terms were not accepted.
    """
    try:
        import datasets
    except ImportError as error:
        raise InputError("the package datasets is not installed; --from FILE takes a local copy") from error
    try:
        rows = datasets.load_dataset(
            benchmark.hub, benchmark.config, split=benchmark.split, revision=benchmark.revision
        )
    except Exception as error:  # whatever the hub, the network or a mirror comes up with
        terms = "; its terms must be accepted on the hub, and HF_TOKEN set" if benchmark.gated else ""
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(
            f"{benchmark.hub}: cannot be had from the hub{terms}; --from FILE takes a local copy ({said})"
        ) from error
    for number, row in enumerate(rows, start=1):
        yield f"{benchmark.hub}:{number}", row


def read_benchmark(name: str, source: Path | None, level: int | None, seed: int) -> list[Question]:
    """Return the questions of a benchmark, in the source's order.

    Args:
        name: one of ``BENCHMARKS``.
        source: a local copy; ``None`` for the hub.
        level: of MATH-500, 1 to 5; ``None`` for all.
        seed: of the order of the options of a question whose source lists them apart.

    Raises:
        InputError: the source cannot be read, a row is not what was expected, or their number is not.
    """
    benchmark = BENCHMARKS[name]
    rows = file_rows(source) if source is not None else hub_rows(benchmark)
    questions = [_question(row, where, number, seed) for number, (where, row) in enumerate(rows)]
    expected = benchmark.rows
    if level is not None:
        expected = benchmark.levels[level]
        # TTRL's files of one level do not say which: their number of questions does.
        if len(questions) != expected or any(question.level not in (None, level) for question in questions):
            unsaid = next((question for question in questions if question.level is None), None)
            if unsaid is not None:
                raise InputError(f"{unsaid.where}: does not say its level; --level {level} cannot be told from others")
            questions = [question for question in questions if question.level == level]
    if len(questions) != expected:
        which = name if level is None else f"level {level} of {name}"
        raise InputError(
            f"{source or benchmark.hub}: has {len(questions)} questions; expected the {expected} of {which} "
            "(`ttrl-verl prepare questions` takes any file)"
        )
    return questions


def content_sha256(pairs: Iterable[tuple[str, str | None]]) -> str:
    """Return the checksum of a benchmark's content: its questions and canonical answers, whatever the file's format.

    SHA-256 of one line a question, ``["question", "canonical answer"]`` as JSON, with each run of white space of the
    question made one blank.

    Example:
        >>> content_sha256([("What is  1+1?", "2")]) == content_sha256([("What is 1+1?\\n", "2")])
        True
    """
    digest = hashlib.sha256()
    for text, answer in pairs:
        digest.update(json.dumps([" ".join(text.split()), answer], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _question(row: Mapping[str, Any], where: str, number: int, seed: int) -> Question:
    text = _first(row, QUESTION_KEYS, where, "question")
    if isinstance(text, (list, tuple)) and text and isinstance(text[-1], Mapping):
        text = text[-1].get("content")  # verl's own layout: chat messages
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where}: its question is {type(text).__name__} or empty; expected text")
    id = next((str(row[key]) for key in ID_KEYS if row.get(key) is not None), str(number))
    if all(key in row for key in OPTION_KEYS):
        text, answer = _with_options(text, [row[key] for key in OPTION_KEYS], where, f"{seed}/{id}")
    else:
        rule = row.get("reward_model")
        answer = rule["ground_truth"] if isinstance(rule, Mapping) and "ground_truth" in rule else None
        answer = _first(row, ANSWER_KEYS, where, "answer") if answer is None else answer
        if isinstance(answer, bool) or not isinstance(answer, (str, int, float)) or not str(answer).strip():
            raise InputError(f"{where}: its answer is {answer!r:.40}; expected text or a number")
    return Question(where, text, str(answer), id, _level(row.get("level"), where))


def _with_options(text: str, options: list[Any], where: str, seed: str) -> tuple[str, str]:
    """Return a question with its options as lines from A to D, and the letter of the first of ``options``."""
    for option in options:
        if not isinstance(option, str) or not option.strip():
            raise InputError(f"{where}: an option is {option!r:.40}; expected text")
    right, *wrong = (" ".join(option.split()) for option in options)
    if right in wrong:
        raise InputError(f"{where}: its right answer is also among the wrong ones: {right!r:.60}")
    shuffled = [right, *wrong]
    # Text as the seed: the same on every machine, and a question keeps its order when others come or go.
    random.Random(seed).shuffle(shuffled)
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, shuffled, strict=True)]
    return "\n".join([text.strip(), *lines]), LETTERS[shuffled.index(right)]


def _first(row: Mapping[str, Any], keys: tuple[str, ...], where: str, what: str) -> Any:
    for key in keys:
        if row.get(key) is not None:
            return row[key]
    raise InputError(
        f"{where}: has no {what} ({', '.join(keys)}); its columns are {', '.join(map(str, row)) or 'none'}"
    )


def _level(value: Any, where: str) -> int | None:
    if value is None:
        return None
    # The hub says 5; the original files say "Level 5".
    digits = str(value).removeprefix("Level ").strip()
    if digits not in ("1", "2", "3", "4", "5"):
        raise InputError(f"{where}: its level is {value!r:.40}; expected 1 to 5")
    return int(digits)
