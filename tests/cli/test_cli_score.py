"""``ttrl-verl score``: the contract of its input, its output and its exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ttrl_verl import reward_fns
from ttrl_verl.cli.score import command as score
from ttrl_verl.errors import InputError
from ttrl_verl.reward_fns import REWARD_FNS

ROOT = Path(reward_fns.__file__).parents[1]
GOOD = '{"responses": ["C. A", "The answer is B because A is wrong", null, "\\\\boxed{C}"], "label": "C"}'
CHOICE = ("--answer-type", "choice", "--reward", "majority_vote")


def run(*args: str, text: str | bytes = "", status: int = 0) -> tuple[list[dict], list[str]]:
    """Run the command on standard input; return the lines that it wrote, read, and its messages."""
    result = CliRunner().invoke(score, list(args), input=text)
    assert result.exit_code == status, result.output
    return [json.loads(line) for line in result.stdout.splitlines()], result.stderr.splitlines()


def test_a_line_has_these_keys_and_no_others():
    lines, messages = run(*CHOICE, text=GOOD)
    # votes: C 2, B 1, none 1. H = (2/3) ln(3/2) + (1/3) ln 3
    assert lines == [
        {
            "answers": ["C", "B", None, "C"],
            "rewards": [1.0, 0.0, 0.0, 1.0],
            "pseudo_label": "C",
            "majority_ratio": 0.5,
            "answer_entropy": pytest.approx(0.6365, abs=1e-4),
            "label_correct": True,
        }
    ]
    assert list(lines[0]) == ["answers", "rewards", "pseudo_label", "majority_ratio", "answer_entropy", "label_correct"]
    assert messages == []


@pytest.mark.parametrize(
    ("label", "correct"),
    [('"C"', True), ('"(c)"', True), ('"B"', False), ("null", None)],
)
def test_label_correct(label, correct):
    lines, _ = run(*CHOICE, text=f'{{"responses": ["C", "C", "B"], "label": {label}}}')
    assert lines[0]["label_correct"] is correct


def test_label_of_a_group_without_a_vote_is_not_met():
    lines, _ = run(*CHOICE, text='{"responses": [null, "?"], "label": "C"}')
    assert lines[0]["label_correct"] is False
    assert lines[0]["pseudo_label"] is None


def test_label_may_be_a_number():
    for label in ("25", "25.0", '"025"'):
        row = f'{{"responses": ["so 25"], "label": {label}}}'
        lines, _ = run("--reward", "oracle", "--answer-type", "number", text=row)
        assert (lines[0]["rewards"], lines[0]["label_correct"]) == ([1.0], True)


def test_no_label_and_other_keys():
    lines, _ = run(*CHOICE, text='{"responses": ["C"], "id": 7, "log_probs": null}\n')
    assert lines[0]["label_correct"] is None


def test_no_responses():
    lines, _ = run(*CHOICE, text='{"responses": []}')
    assert lines[0]["rewards"] == []
    assert lines[0]["majority_ratio"] == 0.0


@pytest.mark.parametrize("name", sorted(REWARD_FNS))
def test_every_reward(name):
    row = '{"responses": ["C", "C", "B", null], "log_probs": [-0.1, -0.2, -0.3, -0.4], "label": "C", '
    row += '"checks": [1, 0, null, 0.5], "views": [0, 1, 0, 1], "history": [], "prior": {"C": 0.75, "B": 0.25}, '
    row += '"entropies": [0.1, 0.2, null, null], "token_entropies": [[0.1], [0.2], null, null], '
    row += '"lengths": [1, 1, 1, 1], "index": 0, "step": 1}'
    lines, _ = run("--reward", name, "--answer-type", "choice", text=row)
    assert len(lines[0]["rewards"]) == 4


def test_options():
    row = '{"responses": ["yes", "No!"]}'
    both = ("--reward", "empirical_entropy", "--answer-type", "choice", "--choices", "yes,no")
    lines, _ = run(*both, "--option", "alpha=0.5", "--option", "entropy_norm=log_n", text=row)
    assert lines[0]["rewards"] == [0.0, 0.0]  # 1/2 - 0.5 * ln 2 / ln 2
    assert run(*CHOICE, "--choices", "5", text='{"responses": ["E"]}')[0][0]["answers"] == ["E"]


BAD = [
    ("{", "expected JSON: Expecting property name"),
    ("C", "expected JSON: Expecting value at column 1"),
    ("[]", "expected an object, got a list"),
    ("null", "expected an object, got null"),
    ("{}", 'expected the key "responses", a list of strings'),
    ('{"responses": "C"}', 'expected "responses" to be a list of strings, got a string'),
    ('{"responses": ["C", 3]}', "expected responses[1] to be a string or null, got a number"),
    ('{"responses": [["C"]]}', "expected responses[0] to be a string or null, got a list"),
    ('{"responses": ["C"], "label": true}', 'expected "label" to be a string or a number, got a boolean'),
    ('{"responses": ["C"], "label": ["C"]}', 'expected "label" to be a string or a number, got a list'),
    ('{"responses": ["C"], "label": "E"}', "expected \"label\" to be an answer of type choice, got 'E'"),
    ('{"responses": ["C"], "label": NaN}', "expected JSON, which has no NaN"),
    ('{"responses": ["C"], "label": 1e999}', 'expected "label" to be a string or a number, got inf'),
    ('{"responses": ["C"], "label": ' + "9" * 5000 + "}", "expected numbers of at most 1000 digits, got one of 5000"),
    ('{"responses": ["C"], "responses": ["D"]}', "expected each key once, got 'responses' twice"),
    ('{"responses": ["C"], "log_probs": [true]}', 'expected "log_probs" to be a list of numbers'),
    ('{"responses": ["C"], "log_probs": [' + "9" * 400 + "]}", 'expected "log_probs" to be a list of numbers'),
    ('{"responses": ["C"], "log_probs": []}', 'expected "log_probs" to have 1 numbers, as many as responses, got 0'),
    ("[" * 100_000, "expected JSON of a moderate depth"),
    ('{"responses": ' + "[" * 100_000, "expected JSON of a moderate depth"),
    (b'{"responses": ["\xff"]}', "expected UTF-8, got byte 0xff at column 17"),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=range(len(BAD)))
def test_a_bad_line_is_reported_and_the_others_are_written(line, message):
    raw = line.encode() if isinstance(line, str) else line
    lines, messages = run(*CHOICE, text=b"\n".join([GOOD.encode(), raw, b"", GOOD.encode()]), status=2)
    assert len(lines) == 2
    assert len(messages) == 1
    assert messages[0].startswith(f"<stdin>:2: {message}")
    assert len(messages[0]) < 200


def test_what_a_reward_needs_is_asked_for_line_by_line():
    _, messages = run("--reward", "confidence_vote", "--answer-type", "text", text='{"responses": ["a"]}', status=2)
    assert messages == ['<stdin>:1: expected the key "log_probs", which the reward confidence_vote needs']
    _, messages = run("--reward", "oracle", "--answer-type", "text", text='{"responses": ["a"]}', status=2)
    assert messages == ['<stdin>:1: expected the key "label", which the reward oracle needs']


def test_byte_order_mark_and_windows_lines():
    text = b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n\r\n" + GOOD.encode() + b"\r\n"
    assert len(run(*CHOICE, text=text)[0]) == 2


def test_a_million_characters():
    row = json.dumps({"responses": ["answer is A or " * 70_000, "C" + " " * 1_000_000, "(C)"]})
    lines, _ = run(*CHOICE, text=row)
    assert lines[0]["answers"] == [None, "C", "C"]


def test_lone_surrogates_and_control_characters():
    row = '{"responses": ["\\ud800", "\\u0000", "\\u2028", "é"]}'
    lines, _ = run("--reward", "majority_vote", "--answer-type", "text", text=row)
    assert lines[0]["answers"][0] == "\ud800"
    assert lines[0]["answers"][3] == "é"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--reward", "majority"), "unknown reward 'majority'; expected one of"),
        (("--reward", "random", "--answer-type", "maths"), "unknown answer type 'maths'; expected one of"),
        (("--reward", "random", "--answer-type", "choice", "--choices", "27"), "expected 2 to 26"),
        (("--reward", "random", "--answer-type", "text", "--choices", "4"), "--choices is for --answer-type choice"),
        (("--reward", "random", "--answer-type", "text", "--option", "seed"), "expected KEY=VALUE"),
        (
            ("--reward", "random", "--answer-type", "text", "--option", "sed=1"),
            "has no option sed; it takes probability",
        ),
        (("--reward", "random", "--answer-type", "text", "--option", "probability=2"), "from 0 to 1"),
        ((*CHOICE, "missing.jsonl"), "missing.jsonl: No such file or directory"),
        ((*CHOICE, "-o", "no/such/folder.jsonl"), "no/such/folder.jsonl: No such file or directory"),
        ((*CHOICE, "."), ".: Is a directory"),
    ],
)
def test_wrong_usage_is_one_line(args, message):
    result = CliRunner().invoke(score, list(args))
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_files(tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(GOOD + "\n{}\n")
    _, messages = run(*CHOICE, "-o", str(target), str(source), status=2)
    assert messages == [f'{source}:2: expected the key "responses", a list of strings']
    assert len(target.read_text().splitlines()) == 1
    result = CliRunner().invoke(score, [*CHOICE, "-o", str(source), str(source)])
    assert "would be overwritten" in str(result.exception)
    assert source.read_text() == GOOD + "\n{}\n"


def process(*args: str, **options) -> subprocess.Popen:
    code = "from ttrl_verl.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "score", *args], cwd=ROOT, stdin=-1, stdout=-1, stderr=-1, **options
    )


@pytest.mark.slow
def test_each_line_is_written_as_soon_as_it_is_read():
    with process(*CHOICE) as running:
        for _ in range(3):
            running.stdin.write(GOOD.encode() + b"\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["pseudo_label"] == "C"
        running.stdin.close()
        assert running.wait() == 0


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error():
    with process(*CHOICE) as running:
        running.stdout.close()
        running.stdin.write((GOOD + "\n").encode() * 100)
        running.stdin.close()
        assert running.wait() == 0
        assert running.stderr.read() == b""


def test_help_shows_an_example():
    result = CliRunner().invoke(score, ["--help"])
    assert '{"responses":' in result.output
    assert "ttrl-verl score --reward majority_vote groups.jsonl" in result.output


VISIT = {"step": 1, "counts": {"C": 2}, "size": 3, "label": "C"}


@pytest.mark.parametrize(
    "wrong",
    [{"counts": "C"}, {"counts": {"C": "x"}}, {"counts": {"C": 4}}, {"size": "x"}, {"step": None}, {"label": 5}],
)
def test_a_history_that_is_none_is_told_by_its_line(wrong):
    row = {"responses": ["C", "A"], "history": [VISIT]}
    assert len(run("--reward", "pooled", "--answer-type", "choice", text=json.dumps(row))[0]) == 1
    (said,) = run("--reward", "pooled", text=json.dumps(row | {"history": [VISIT | wrong]}), status=2)[1]
    assert said.startswith('<stdin>:1: expected "history" to be a list of objects with step, counts, size and label: ')


def test_a_length_is_one_that_memory_has():
    row = {"responses": ["C"], "entropies": [0.5], "lengths": [10**30]}
    (said,) = run("--reward", "relative_confidence", text=json.dumps(row), status=2)[1]
    assert said == '<stdin>:1: expected "lengths" to be a list of whole numbers'
