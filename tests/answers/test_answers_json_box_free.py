"""The answer types json, box and free: what is found, what is equal, and what means harm."""

import time

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type

JSON, BOX, FREE = (get_answer_type(name) for name in ("json", "box", "free"))


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ('So: {"b": 1.50, "a": [1e2, true, null]}.', '{"a":[100,true,null],"b":1.5}'),
        ('```json\n{"total": 7}\n```', '{"total":7}'),
        ('\\boxed{[1, 2]} and {"a": 1}', "[1,2]"),
        ('first {"a": 1}, no: {"a": 2}', '{"a":2}'),
        ('a set {1, 2} and then {"a": {"b": 1}}', '{"a":{"b":1}}'),
        ('{"a": 1, "a": 2}', None),
        ('{"a": NaN}', None),
        ('{"a": 1', None),
        ("seven", None),
    ],
)
def test_json(response, answer):
    assert JSON.answer(response) == answer


def test_json_compares_by_value():
    same = ['{"a": 1, "b": 0.5}', '{"b":5e-1,"a":1.0}', '{ "b" : 0.50, "a" : 1e0 }']
    assert len({JSON.canonicalize(text) for text in same}) == 1
    other = ['{"a": 1}', '{"a": "1"}', '{"a": true}', '{"a": null}', '{"a": [1]}', '{"A": 1}']
    assert len({JSON.canonicalize(text) for text in other}) == len(other)
    assert JSON.canonicalize("-0.0") == JSON.canonicalize("0") == "0"
    assert JSON.canonicalize("Paris") == JSON.canonicalize('"Paris"') == '"Paris"'


def test_json_field():
    total = get_answer_type("json", field="sum.total")
    assert total.answer('{"sum": {"total": 7.0}, "why": "..."}') == total.canonicalize("7") == "7"
    assert total.answer('{"total": 7}') is None
    assert total.answer('{"sum": 7}') is None


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("I click [10, 20, 30.5, 40].", "10 20 30.5 40"),
        ('{"bbox_2d": [30, 40, 10, 20]}', "10 20 30 40"),
        ("<|box_start|>(10,20),(30,40)<|box_end|>", "10 20 30 40"),
        ("[[1, 2], [3, 4]]", "1 2 3 4"),
        ("the point (7.50, 9)", "7.5 9"),
        ("\\boxed{1, 2, 3, 4} not [9, 9]", "1 2 3 4"),
        ("[1, 2] then [3, 4, 5, 6]", "3 4 5 6"),
        ("[1, 2, 3]", None),
        ("no box", None),
        ("[123456789, 1]", None),
    ],
)
def test_box(response, answer):
    assert BOX.answer(response) == answer


def test_box_labels():
    assert BOX.canonicalize("[10, 20, 30, 40]") == BOX.canonicalize("30 40 10.0 20") == "10 20 30 40"
    assert BOX.canonicalize("seven") is None


def test_free():
    assert FREE.answer("<think>Hm.</think>The  cat\nsat.") == "The cat sat."
    assert FREE.answer("So: <answer> The cat sat. </answer> Done.") == "The cat sat."
    assert FREE.answer("  ") is None
    assert FREE.grade("a" * 3000) == ("a" * 2000, True)


HOSTILE = [
    "{" * 10**6,
    "[" * 10**6 + "]" * 10**6,
    '{"a":' * 10**5,
    '{"' * 10**5,
    '"' * 10**6,
    '{"a": ' + "9" * 10**6 + "}",
    '{"a": 1e999999999}',
    '{"a": "\\ud800"}',
    "[1," * 10**5,
    "(" + "1 ," * 10**5,
    "[" + "-" * 10**6,
    "[1.1.1.1,1]" * 10**4,
    "1 " * 10**6,
    "<answer>" * 10**5,
    "</answer>" * 10**5,
    "\\boxed{" * 10**5,
    "\x00" * 10**5,
    "\ud800" * 100,
    "٣,٣" * 10**5,
]


@pytest.mark.parametrize("kind", [JSON, BOX, FREE, get_answer_type("json", field="a")], ids=lambda kind: kind.name)
@pytest.mark.parametrize("response", HOSTILE, ids=range(len(HOSTILE)))
def test_what_means_harm_is_an_answer_or_none_and_takes_no_time(kind, response):
    started = time.process_time()
    answer = kind.answer(response)
    assert answer is None or len(answer) <= 20_000
    assert time.process_time() - started < 1.0
