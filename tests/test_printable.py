"""One rule for text that a model or a stranger's file wrote, in its three forms."""

import pytest

from ttrl_verl.printable import on_page, one_line, path_name

# Each with what a line shows. Nothing of them may reach a terminal as it is.
ACTING = [
    ("\x1b[31m", "\\x1b[31m"),
    ("\x9b31m", "\\x9b31m"),
    ("\x00", "\\x00"),
    ("\x7f", "\\x7f"),
    ("\r", "\\r"),
    ("\u202e", "\\u202e"),
    ("\u2066", "\\u2066"),
    ("\u2028", "\\u2028"),
    ("\ud800", "\\ud800"),
    ("\ue000", "\\ue000"),
]


@pytest.mark.parametrize(("text", "escaped"), ACTING)
def test_what_acts_is_escaped_in_a_line_and_replaced_on_a_page(text, escaped):
    assert one_line(f"a{text}b") == f"a{escaped}b"
    assert path_name(f"a{text}b") == f"'a{escaped}b'"
    assert on_page(f"a{text}b", 40) == f"a�{text[1:]}b"


def test_line_breaks_end_a_line_and_not_a_page():
    assert one_line("a\n\tb") == "a\\n\\tb"
    assert on_page("a\n\tb", 40) == "a\n\tb"


@pytest.mark.parametrize("text", ["é∑😀", "猫　犬", "1\xa0000", "", "\\x1b"])
def test_what_is_to_be_read_stays(text):
    assert one_line(text) == path_name(text) == on_page(text, 40) == text


@pytest.mark.parametrize(
    ("text", "limit", "start", "end"),
    [
        ("abcde", 5, "abcde", "abcde"),
        ("abcdef", 5, "abcd…", "…cdef"),
        ("abcdef", 1, "…", "…"),
        # An escape counts by what it shows.
        ("a\nbcd", 5, "a\\nb…", "…\\nbcd"[-5:].replace("\\nbcd", "…nbcd")),
    ],
)
def test_a_line_is_cut_at_either_end(text, limit, start, end):
    assert one_line(text, limit) == start
    assert one_line(text, limit, end=True) == end
    assert len(one_line(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a�[31mb"),
        ("a\u202eb", "a�b"),
        ("a\x00b", "a�b"),
        ("\ud800", "�"),
        ("x" * 9, "xxxx…"),
        ("é∑😀", "é∑😀"),
    ],
)
def test_text_is_made_fit_to_be_shown(text, shown):
    assert on_page(text, 5 if text.startswith("x") else 20) == shown
