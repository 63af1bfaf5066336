"""Second views: the ways in which the responses to one question are asked for, ``ttrl.views``.

==============================  ========================================================================================
``as_written``                  the question as the file has it
``column NAME``                 the text of another column of the file, a paraphrase for one
``template TEXT``               TEXT with the question in place of ``{question}``
``rotate DEGREES``              its images turned, counter-clockwise, corners white
``crop SHARE``                  the middle of its images, this share of each side
``scale FACTOR``                its images with sides multiplied by this
==============================  ========================================================================================

Response i to a prompt is asked for in view i modulo their number, so what is kept in sampling order is of all views.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ttrl_verl.errors import InputError

AS_WRITTEN = "as_written"
_NUMBERS = {"rotate": (-360.0, 360.0), "crop": (0.1, 1.0), "scale": (0.1, 10.0)}


@dataclass(frozen=True, slots=True)
class View:
    """A way to ask.

    Attributes:
        kind: ``as_written``, ``column``, ``template``, ``rotate``, ``crop`` or ``scale``.
        text: the column's name, or the template.
        number: degrees, share or factor.
    """

    kind: str
    text: str = ""
    number: float = 0.0


def parse_views(views: Sequence[str]) -> list[View]:
    """Return the views of ``ttrl.views``.

    Raises:
        InputError: one is none of the kinds, or lacks what follows its kind, or one is there twice.

    Example:
        >>> parse_views(["as_written", "column paraphrase", "rotate 5"])[1:]
        [View(kind='column', text='paraphrase', number=0.0), View(kind='rotate', text='', number=5.0)]
    """
    for place, view in enumerate(views):
        if view in views[:place]:
            raise InputError(f"ttrl.views has {view!r} twice")
    return [_parse(view) for view in views]


def _parse(view: str) -> View:
    kind, _, rest = view.strip().partition(" ")
    rest = rest.strip()
    if kind == AS_WRITTEN and not rest:
        return View(kind)
    if kind == "column" and rest:
        return View(kind, rest)
    if kind == "template" and "{question}" in rest:
        return View(kind, rest)
    if kind in _NUMBERS:
        low, high = _NUMBERS[kind]
        try:
            number = float(rest)
        except ValueError:
            number = high + 1
        if not low <= number <= high:
            raise InputError(f"ttrl.views has {view!r}; expected {kind} and a number from {low:g} to {high:g}")
        return View(kind, number=number)
    raise InputError(
        f"ttrl.views has {view!r}; expected as_written, column NAME, template TEXT with {{question}}, rotate DEGREES, "
        "crop SHARE or scale FACTOR"
    )


def columns_of(views: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns that views read, in their order.

    Example:
        >>> columns_of(["as_written", "column paraphrase"])
        ('paraphrase',)
    """
    return tuple(view.text for view in parse_views(views or ()) if view.kind == "column")


def asked(messages: Sequence[Mapping[str, Any]], view: View, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a prompt's messages as a view asks; the last one is the question, what stands before it stays.

    Args:
        messages: as verl has them: contents are text, or parts, texts and images.
        view: the way to ask.
        columns: the texts of the columns that views read.

    Example:
        >>> asked([{"role": "user", "content": "2 + 2?"}], View("template", "Afresh: {question}"), {})
        [{'role': 'user', 'content': 'Afresh: 2 + 2?'}]
    """
    *before, last = (dict(message) for message in messages)
    if view.kind in _NUMBERS:
        from ttrl_verl.questions.image_file import open_parts

        opened = open_parts([*before, last])
        return [{**message, "content": _with_images_seen(message["content"], view)} for message in opened]
    if view.kind == "column":
        last["content"] = _replaced(last["content"], columns[view.text])
    elif view.kind == "template":
        last["content"] = _framed(last["content"], *view.text.split("{question}", 1))
    return [*before, last]


def _replaced(content: Any, text: str) -> Any:
    """Return a content with other words: its images stay, before the text."""
    if isinstance(content, str):
        return text
    return [part for part in content if part.get("type") != "text"] + [{"type": "text", "text": text}]


def _framed(content: Any, before: str, after: str) -> Any:
    if isinstance(content, str):
        return before + content + after
    frame = [{"type": "text", "text": text} for text in (before, after)]
    return [part for part in (frame[0], *content, frame[1]) if part.get("text") != ""]


def _with_images_seen(content: Any, view: View) -> Any:
    if isinstance(content, str):
        return content
    return [{**part, "image": _seen(part["image"], view)} if part.get("type") == "image" else part for part in content]


def _seen(image: Any, view: View) -> Any:
    """Return an image as a view shows it, at least one pixel a side."""
    from PIL import Image

    if view.kind == "rotate":
        return image.rotate(view.number, resample=Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    width, height = (max(1, round(side * view.number)) for side in image.size)
    if view.kind == "scale":
        return image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
