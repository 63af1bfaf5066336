"""``ttrl-verl score``: rewards for groups of responses in a file, offline. verl, torch and Ray stay unimported."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO, NoReturn, TextIO

import click

from ttrl_verl.cli.answer_type import parse_answer_type
from ttrl_verl.cli.score_fields import is_number, read_fields
from ttrl_verl.errors import InputError
from ttrl_verl.printable import one_line
from ttrl_verl.reward_fns import REWARD_FNS, BoundReward, Group, get_reward_fn
from ttrl_verl.reward_fns.answers import ANSWER_TYPE_NAMES, AnswerType
from ttrl_verl.reward_fns.answers.row_type import of_row, row_type
from ttrl_verl.reward_fns.names import reason
from ttrl_verl.reward_fns.verdict import VerdictError, checked
from ttrl_verl.reward_fns.vote import answer_entropy, take_vote

_MAX_DIGITS = 1000
_TYPES = ", ".join(ANSWER_TYPE_NAMES)

EPILOG = """\b
Each line in is an object with the responses to one prompt:
  {"responses": ["... \\\\boxed{4}", "It is \\\\boxed{4}.", null], "label": "4"}
Each line out is its group, scored:
  {"answers": ["4", "4", null], "rewards": [1.0, 1.0, 0.0],
   "pseudo_label": "4", "majority_ratio": 0.6666666666666666,
   "answer_entropy": 0.0, "label_correct": true}

\b
A response of null is one that failed: it has no answer.
"label" (a string or a number) may be missing or null: label_correct is null.
"log_probs": a number for each response, for confidence_vote; "checks", from
0 to 1 or null, for verified_vote; and any other field that a reward of your
own needs (docs/extend.md). "answer_type" and "choices" go before the options.
Other keys are ignored.

\b
Examples:
  ttrl-verl score --reward majority_vote groups.jsonl
  ttrl-verl score --reward empirical_entropy --option alpha=0.5 -o out.jsonl in.jsonl
  ttrl-verl score --reward mine.py:rarest groups.jsonl
  zcat in.jsonl.gz | ttrl-verl score --reward random --answer-type choice --choices 4

A line that is not as expected is reported on stderr as FILE:LINE, the others are written, and the exit status is 2.
"""


@click.command("score", epilog=EPILOG)
@click.option("--reward", "reward_name", required=True, metavar="NAME", help=f"{', '.join(REWARD_FNS)}, or your own")
@click.option(
    "--answer-type",
    default="math",
    show_default=True,
    metavar="TYPE",
    help=f"{_TYPES}, or your own",
)
@click.option("--choices", default=None, help="For choice: how many letters (4), or the words, with commas between.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the reward; repeatable.")
@click.option("-o", "--out", default="-", metavar="FILE", help="Where to write; standard output by default.")
@click.argument("file", default="-")
def command(
    reward_name: str, answer_type: str, choices: str | None, options: tuple[str, ...], out: str, file: str
) -> None:
    """Score the groups of responses in FILE (JSON Lines), or of standard input where FILE is missing or "-"."""
    try:
        reward_fn = get_reward_fn(reward_name, **_reward_options(options))
    except ValueError as error:
        raise InputError(str(error)) from error
    kind = parse_answer_type(answer_type, choices)
    with ExitStack() as stack:
        source, target = _open(file, out, stack)
        name = "<stdin>" if file == "-" else file
        try:
            bad = _score_lines(source, target, name, reward_fn, kind)
        except BrokenPipeError:  # the reader has seen enough, as in `... | head`
            _leave_quietly(target)
        except OSError as error:
            with suppress(OSError):
                target.close()  # here, where what it could not write is told
            raise InputError(f"{'<stdout>' if out == '-' else out}: {error.strerror}") from error
    if bad:
        sys.exit(2)


def _score_lines(source: BinaryIO, target: TextIO, name: str, reward_fn: BoundReward, kind: AnswerType) -> int:
    """Write a line for each group that can be read, as soon as it is scored; return how many could not be."""
    bad = 0
    for number, line in _lines(source, name):
        try:
            group = _group(_parse(line), reward_fn, kind)
            result = json.dumps(_result(group, _rewards(group, reward_fn)), allow_nan=False)
        except ValueError as error:
            bad += 1
            click.echo(one_line(f"{name}:{number}: {error}"), err=True)
        else:
            target.write(result + "\n")
            target.flush()
    return bad


def _lines(source: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1."""
    try:
        for number, line in enumerate(source, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield number, text
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from error


def _parse(line: bytes) -> dict[str, Any]:
    """Return the object of a line.

    Raises:
        ValueError: it is none. The message says what was expected.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8, got byte 0x{line[error.start]:02x} at column {error.start + 1}") from error
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ValueError(f"expected JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("expected JSON of a moderate depth") from error
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {_kind(value)}")
    return value


def _group(row: dict[str, Any], reward_fn: BoundReward, kind: AnswerType) -> Group:
    """Return the group of a line: answers extracted, label in canonical form.

    Raises:
        ValueError: a field is missing or not of its type. The message names it.
    """
    if "responses" not in row:
        raise ValueError('expected the key "responses", a list of strings')
    responses = row["responses"]
    if not isinstance(responses, list):
        raise ValueError(f'expected "responses" to be a list of strings, got {_kind(responses)}')
    for index, response in enumerate(responses):
        if not isinstance(response, str | None):
            raise ValueError(f"expected responses[{index}] to be a string or null, got {_kind(response)}")
    kind = _kind_of_line(row, kind)
    fields = read_fields(row, reward_fn.reward, reward_fn.name)
    label = _label(row.get("label"), kind)
    if label is None and "label" in reward_fn.reward.needs:
        raise ValueError(f'expected the key "label", which the reward {reward_fn.name} needs')
    answers = tuple(None if response is None else kind.answer(response) for response in responses)
    return Group(answers=answers, label=label, **fields)


def _kind_of_line(row: dict[str, Any], otherwise: AnswerType) -> AnswerType:
    """Return the answer type that a line names with ``answer_type`` and ``choices``, else the command's."""
    if row.get("answer_type") is None:
        return otherwise
    return of_row(row_type(row["answer_type"], row.get("choices")), otherwise)


def _label(value: object, kind: AnswerType) -> str | None:
    """Return the canonical label; a label is an answer already, so nothing is extracted from it."""
    if value is None:
        return None
    if not isinstance(value, str) and not is_number(value):
        got = str(value) if isinstance(value, float) else _kind(value)
        raise ValueError(f'expected "label" to be a string or a number, got {got}')
    written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    label = kind.canonicalize(written)
    if label is None:
        raise ValueError(f'expected "label" to be an answer of type {kind.name}, got {written[:40]!r}')
    return label


def _rewards(group: Group, reward_fn: BoundReward) -> list[float]:
    """Return the rewards of a group, checked.

    Raises:
        ValueError: a user's reward failed, or returned something else; the message has its name and the reason.
    """
    try:
        return list(checked(reward_fn(group), group).rewards)
    except Exception as error:
        if not reward_fn.own:
            raise
        said = str(error) if isinstance(error, VerdictError) else reason(error, reward_fn.origin)
        raise ValueError(f"the reward {reward_fn.name} failed: {said}") from error


def _result(group: Group, rewards: list[float]) -> dict[str, Any]:
    vote = take_vote(group.answers)
    return {
        "answers": list(group.answers),
        "rewards": rewards,
        "pseudo_label": vote.label,
        "majority_ratio": vote.majority_ratio,
        "answer_entropy": answer_entropy(group.answers),
        "label_correct": None if group.label is None else vote.label == group.label,
    }


def _reward_options(options: tuple[str, ...]) -> dict[str, Any]:
    """Return the options as keyword arguments; a value that is JSON (0.5, true) is read as such, else as text."""
    found: dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or not key.isidentifier():
            raise ValueError(f"--option is {option!r}; expected KEY=VALUE")
        try:
            found[key] = json.loads(value, parse_constant=_refuse_constant)
        except ValueError:
            found[key] = value
    return found


def _open(file: str, out: str, stack: ExitStack) -> tuple[BinaryIO, TextIO]:
    if file != "-" and out != "-" and os.path.realpath(file) == os.path.realpath(out):
        raise InputError(f"{out}: would be overwritten while it is read")
    try:
        source = click.get_binary_stream("stdin") if file == "-" else stack.enter_context(open(file, "rb"))  # noqa: SIM115
        stdout = click.get_text_stream("stdout", encoding="utf-8")
        target = stdout if out == "-" else stack.enter_context(open(out, "w", encoding="utf-8"))  # noqa: SIM115
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}") from error
    return source, target


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"expected each key once, got {key[:40]!r} twice")
        found[key] = value
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"expected numbers of at most {_MAX_DIGITS} digits, got one of {len(digits)}")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"expected JSON, which has no {name}")


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return "null" if value is None else kinds[type(value)]


def _leave_quietly(target: TextIO) -> NoReturn:
    """End without the traceback that Python prints when it flushes into a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), target.fileno())
    sys.exit(0)
