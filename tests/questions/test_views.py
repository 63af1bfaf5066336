"""The ways to ask: columns, templates, and images turned, cropped and scaled."""

import pytest
from PIL import Image

from ttrl_verl.errors import InputError
from ttrl_verl.questions.read import Layout, read_questions
from ttrl_verl.questions.views import View, asked, parse_views

TEXT = [{"role": "system", "content": "s"}, {"role": "user", "content": "2 + 2?"}]


def pictured(image):
    parts = [{"type": "image", "image": image}, {"type": "text", "text": "What?"}]
    return [{"role": "user", "content": parts}]


def test_the_question_in_other_words_leaves_what_stands_before():
    assert asked(TEXT, View("as_written"), {}) == TEXT
    assert asked(TEXT, View("column", "p"), {"p": "two and two?"})[1]["content"] == "two and two?"
    assert asked(TEXT, View("template", "So: {question} {x}"), {})[1]["content"] == "So: 2 + 2? {x}"
    assert asked(TEXT, View("column", "p"), {"p": "q"})[0] == TEXT[0]
    assert TEXT[1]["content"] == "2 + 2?"


def test_words_beside_images():
    image = Image.new("RGB", (4, 4))
    (said,) = asked(pictured(image), View("column", "p"), {"p": "Which?"})
    assert said["content"] == [{"type": "image", "image": image}, {"type": "text", "text": "Which?"}]
    (said,) = asked(pictured(image), View("template", "Look: {question}"), {})
    assert [part.get("text") for part in said["content"]] == ["Look: ", None, "What?"]


def test_images_are_turned_cropped_and_scaled():
    image = Image.new("RGB", (20, 10), "black")
    image.paste("white", (0, 0, 10, 10))

    def seen(view):
        return asked(pictured(image), view, {})[0]["content"][0]["image"]

    turned = seen(View("rotate", number=180.0))
    assert (turned.size, turned.getpixel((2, 5)), turned.getpixel((17, 5))) == ((20, 10), (0, 0, 0), (255, 255, 255))
    assert seen(View("crop", number=0.5)).size == (10, 5)
    assert seen(View("scale", number=2.0)).size == (40, 20)
    assert asked(TEXT, View("rotate", number=5.0), {}) == TEXT


def test_a_path_is_opened(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (said,) = asked(pictured(str(tmp_path / "a.png")), View("scale", number=0.5), {})
    assert said["content"][0]["image"].size == (4, 4)


@pytest.mark.parametrize(
    "view", ["", "rotate", "rotate 400", "crop 0", "crop nan", "scale 99", "template no", "column"]
)
def test_what_is_no_view_is_one_line(view):
    with pytest.raises(InputError, match=r"ttrl\.views has "):
        parse_views(["as_written", view])


def test_columns_are_read_with_the_suffix_and_a_missing_text_is_refused(write_jsonl):
    layout = Layout(prompt_suffix=" Answer:", view_columns=("p",))
    table = read_questions(write_jsonl("q.jsonl", [{"prompt": "a", "p": "b"}]), layout)
    assert table["views"].to_pylist() == [["b Answer:"]]
    assert "views" not in read_questions(write_jsonl("q.jsonl", [{"prompt": "a", "p": "b"}]), Layout()).column_names
    with pytest.raises(InputError, match=r"q\.jsonl:1: has no column 'p'; its columns are prompt \(ttrl\.views\)"):
        read_questions(write_jsonl("q.jsonl", [{"prompt": "a"}]), layout)
    with pytest.raises(InputError, match=r"q\.jsonl:2: has no p \(ttrl\.views\)"):
        read_questions(write_jsonl("q.jsonl", [{"prompt": "a", "p": "b"}, {"prompt": "a", "p": " "}]), layout)
