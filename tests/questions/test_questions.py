import csv
import json
import re
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ttrl_verl.errors import InputError
from ttrl_verl.questions.prompt_lengths import check_lengths
from ttrl_verl.questions.read import Layout, read_questions

USER = [{"role": "user", "content": "2+2?"}]


def prompts(table: pa.Table) -> list:
    return table.column("prompt").to_pylist()


def labels(table: pa.Table) -> list:
    return table.column("label").to_pylist()


def test_a_plain_question_becomes_a_user_message(write_jsonl):
    table = read_questions(write_jsonl("q.jsonl", [{"prompt": "2+2?", "answer": 4}]), Layout())
    assert prompts(table) == [USER]
    assert labels(table) == ["4"]
    assert table.column("data_source").to_pylist() == ["q"]


def test_chat_messages_are_kept_and_framed(write_jsonl):
    path = write_jsonl("q.jsonl", [{"messages": USER}])
    layout = Layout(prompt_key="messages", system_prompt="Add.", prompt_suffix=" Box it.")
    assert prompts(read_questions(path, layout)) == [
        [{"role": "system", "content": "Add."}, {"role": "user", "content": "2+2? Box it."}]
    ]


FEW_SHOT = [
    {"role": "user", "content": "dog"},
    {"role": "assistant", "content": "mammal"},
    {"role": "user", "content": "owl"},
]


@pytest.mark.parametrize(("suffix_to", "asked"), [("all", "owl One word."), ("without_examples", "owl")])
def test_a_chat_with_examples_may_be_left_without_the_suffix(write_jsonl, suffix_to, asked):
    path = write_jsonl("q.jsonl", [{"prompt": FEW_SHOT}, {"prompt": "cow"}])
    shown, plain = prompts(read_questions(path, Layout(prompt_suffix=" One word.", suffix_to=suffix_to)))
    assert shown == [*FEW_SHOT[:-1], {"role": "user", "content": asked}]
    assert plain == [{"role": "user", "content": "cow One word."}]


def test_all_four_formats_hold_the_same_questions(tmp_path):
    rows = [{"prompt": "a", "answer": "1"}, {"prompt": 'b, "c"\nd', "answer": None}]
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "q.json").write_text(json.dumps(rows))
    (tmp_path / "q.csv").write_text('prompt,answer\na,1\n"b, ""c""\nd",\n')
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "q.parquet")
    tables = [read_questions(tmp_path / f"q.{kind}", Layout()) for kind in ("jsonl", "json", "csv", "parquet")]
    assert [prompts(table) for table in tables] == [prompts(tables[0])] * 4
    assert [labels(table) for table in tables] == [["1", None]] * 4


def test_verls_own_parquet_layout_is_read(tmp_path):
    row = {"prompt": USER, "data_source": "gsm8k", "reward_model": {"style": "rule", "ground_truth": "4"}}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "q.parquet")
    table = read_questions(tmp_path / "q.parquet", Layout())
    assert (prompts(table), labels(table), table.column("data_source").to_pylist()) == ([USER], ["4"], ["gsm8k"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.jsonl", "", "q.jsonl: has no questions"),
        ("q.json", "  ", "q.json: has no questions"),
        ("q.json", "[]", "q.json: has no questions"),
        ("q.csv", "prompt,answer\n", "q.csv: has no questions"),
        ("q.json", '{"prompt": "a"}', "q.json: holds an object; expected a list of objects"),
        ("q.json", '[{"prompt": "a"},\n{]', "q.json:2: is no JSON: Expecting"),
        ("q.jsonl", '{"prompt": "a"}\n{"prompt": \n', "q.jsonl:2: is no line of JSON"),
        ("q.jsonl", b'{"prompt": "a"}\n{"prompt": "\xff"}\n', "q.jsonl:2: is no line of JSON"),
        ("q.jsonl", '{"prompt": "a"}\n[1]\n', "q.jsonl:2: is a list; expected an object"),
        ("q.jsonl", '{"question": "a"}\n', "q.jsonl:1: has no column 'prompt' (data.prompt_key); its columns"),
        ("q.jsonl", '{"prompt": "a"}\n{"prompt": 5}\n', "q.jsonl:2: prompt is a number; expected text or a list"),
        ("q.jsonl", '{"prompt": " "}\n', "q.jsonl:1: prompt is empty"),
        ("q.jsonl", '{"prompt": [{"role": "user"}]}\n', "q.jsonl:1: prompt has an object as a message"),
        ("q.jsonl", '{"prompt": [{"role": "me", "content": "a"}]}\n', "q.jsonl:1: prompt has a message of role 'me'"),
        ("q.jsonl", '{"prompt": [{"role": "user", "content": 1}]}\n', "q.jsonl:1: prompt has a message whose content"),
        ("q.jsonl", '{"prompt": [{"role": "system", "content": "a"}]}\n', "q.jsonl:1: prompt ends with a message of"),
        ("q.jsonl", '{"prompt": "a", "answer": ["b"]}\n', "q.jsonl:1: answer is a list; expected text or a number"),
        ("q.jsonl", '{"prompt": "a", "answer": true}\n', "q.jsonl:1: answer is true or false"),
        ("q.csv", "prompt,answer\na,1\nb\n", "q.csv:3: expected 2 columns"),
        ("q.csv", "prompt,answer\na,1,2\n", "q.csv:2: expected 2 columns"),
        ("q.csv", 'prompt,answer\na,1\n"b"x,1\n', "q.csv: after line 2: ',' expected after '\"'"),
        ("q.csv", "prompt,answer,answer\na,1,2\n", "q.csv:1: 'answer' is there twice; expected each name once"),
        ("q.csv", b"prompt\n\xff\n", "q.csv: cannot be read: 'utf-8' codec"),
        (
            "q.jsonl",
            '{"prompt": "a", "answer": 1, "answer": 2}\n',
            "q.jsonl:1: 'answer' is there twice",
        ),
        (
            "q.jsonl",
            f'{{"prompt": "a", "answer": {"9" * 5000}}}\n',
            "q.jsonl:1: a number has 5000 digits; expected at most 1000",
        ),
        (
            "q.json",
            f'[{{"prompt": "a", "answer": {"9" * 5000}}}]',
            "q.json:1: a number has 5000 digits; expected at most 1000",
        ),
        ("q.jsonl", '{"prompt": "a", "answer": NaN}\n', "q.jsonl:1: answer is nan; expected text or a finite number"),
        ("q.jsonl", '{"prompt": "a", "answer": -1e999}\n', "q.jsonl:1: answer is -inf; expected text or a finite"),
        ("q.jsonl", '{"prompt": []}\n', "q.jsonl:1: prompt is an empty list; expected text or at least one message"),
        ("q.jsonl", '{"prompt": [{"role": "user", "content": " "}]}\n', "q.jsonl:1: prompt ends with an empty message"),
        ("q.parquet", "no parquet", "q.parquet: cannot be read"),
        ("q.txt", "a", "q.txt: expected a file that ends in .parquet, .json, .jsonl, .csv"),
    ],
)
def test_bad_input_is_one_line_that_names_file_row_and_key(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as error:
        read_questions(path, Layout())
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": b"abc"}, "prompt is bytes; expected text or a list of messages"),
        ({"prompt": "a", "answer": b"1"}, "answer is bytes; expected text or a number"),
        ({"prompt": "a", "answer": date(2020, 1, 1)}, "answer is a date; expected text or a number"),
        ({"prompt": "a", "answer": float("nan")}, "answer is nan; expected text or a finite number, and null where"),
    ],
)
def test_a_value_that_json_has_not_is_called_what_it_is(tmp_path, row, message):
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "q.parquet")
    with pytest.raises(InputError, match=f"^{re.escape(f'{tmp_path}/q.parquet:1: {message}')}"):
        read_questions(tmp_path / "q.parquet", Layout())


def test_a_decimal_is_a_number(tmp_path):
    pq.write_table(pa.Table.from_pylist([{"prompt": "a", "answer": Decimal("1.50")}]), tmp_path / "q.parquet")
    assert labels(read_questions(tmp_path / "q.parquet", Layout())) == ["1.50"]


def test_a_cell_is_read_whatever_its_length_and_whoever_else_reads_csv(tmp_path):
    (tmp_path / "q.csv").write_text(f"prompt\n{'a' * 200_000}\n")
    before = csv.field_size_limit(131_072)  # Python's own, which libraries raise
    try:
        assert len(prompts(read_questions(tmp_path / "q.csv", Layout()))[0][0]["content"]) == 200_000
    finally:
        csv.field_size_limit(before)


def test_a_folder_with_the_name_of_a_file_is_not_missing(tmp_path):
    (tmp_path / "q.jsonl").mkdir()
    with pytest.raises(InputError, match=r"q\.jsonl: is no file"):
        read_questions(tmp_path / "q.jsonl", Layout())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.jsonl: no such file"):
        read_questions(tmp_path / "gone.jsonl", Layout())


def test_a_label_column_that_is_asked_for_must_be_there(write_jsonl):
    with pytest.raises(InputError, match=r"has no column 'gold' \(ttrl\.label_key\); its columns are prompt"):
        read_questions(write_jsonl("q.jsonl", [{"prompt": "a"}]), Layout(label_key="gold"))


class ByteTokenizer:
    """One token a byte and five a message: the longest that a prompt can be."""

    calls = 0

    def apply_chat_template(self, conversation, **kwargs):
        self.calls += 1
        return [0] * sum(5 + len(message["content"].encode()) for message in conversation)


def test_a_prompt_over_the_length_is_named(write_jsonl):
    table = read_questions(write_jsonl("q.jsonl", [{"prompt": "a" * 5}, {"prompt": "a" * 6}]), Layout())
    check_lengths(table, ByteTokenizer(), 11)
    with pytest.raises(InputError, match=r"q\.jsonl:2: the prompt has 11 tokens; expected at most 10"):
        check_lengths(table, ByteTokenizer(), 10)


def test_short_prompts_are_not_tokenised(write_jsonl):
    tokenizer = ByteTokenizer()
    check_lengths(read_questions(write_jsonl("q.jsonl", [{"prompt": "a"}] * 1000), Layout()), tokenizer, 100)
    assert tokenizer.calls == 1  # the empty conversation, for the template's own tokens
