"""The images of a question: what a file may say about them, where they may lie, and their place among the words.

Nothing here opens an image: that is ``image_file``'s. verl's placeholder for an image is ``<image>``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ttrl_verl.errors import InputError
from ttrl_verl.printable import one_line, path_name

PLACEHOLDER = "<image>"
# verl splits the text of a row with images at these, too, and has no data for them.
_OTHER_PLACEHOLDERS = ("<video>", "<audio>")
_LEAST_PIXELS = 4 * 28 * 28  # four tokens of Qwen2-VL

IMAGE = pa.struct(
    [("bytes", pa.large_binary()), ("path", pa.string()), ("min_pixels", pa.int64()), ("max_pixels", pa.int64())]
)
"""An image in a table of questions: the file's bytes, or the absolute path of one."""


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """Where the images of a question file are.

    Attributes:
        key: the column of the images: a path, or a list of paths or of verl's ``{bytes}``, ``{path}`` or ``{image}``.
        root: the folder that no path may leave. ``None`` takes the question file's own.
        min_pixels, max_pixels: limits that go with each image which has none of its own.
    """

    key: str = "images"
    root: str | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None


def inside(path: Path, root: Path) -> Path:
    """Return a path resolved, links followed, and checked to be a file within a folder.

    Raises:
        InputError: it leaves the folder, or is no file. The message names it.
    """
    try:
        real = path.resolve()
        if not real.is_relative_to(root.resolve()):
            raise InputError(f"{path_name(path)}: leaves {path_name(root)}; expected an image inside it")
        if not real.is_file():
            missing = not real.exists()
            raise InputError(f"{path_name(path)}: {'no such file' if missing else 'is no file'}")
        str(real).encode()  # a table holds UTF-8
    except (
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # a null byte, a loop of links, a folder that may not be entered
        raise InputError(f"{path_name(path)}: cannot be read: {one_line(error)}") from error
    return real


def image_references(value: Any, where: str, layout: ImageLayout, folder: Path) -> list[dict[str, Any]] | None:
    """Return the images that a row names, in ``IMAGE``'s form, or ``None`` where it names none.

    Args:
        value: what the row has under ``layout.key``.
        where: the row's file, line and key, for messages.
        layout: how the images are laid out.
        folder: the question file's; relative paths start at ``layout.root``, or here.

    Raises:
        InputError: a value of another kind, or a path that leads nowhere or out of the root.
    """
    if not value:
        return None
    if isinstance(value, (str, Mapping)):
        value = [value]
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        raise InputError(f"{where} is {type(value).__name__}; expected a path or a list of images")
    return [_reference(image, where, layout, folder) for image in value]


def _reference(image: Any, where: str, layout: ImageLayout, folder: Path) -> dict[str, Any]:
    fields = image if isinstance(image, Mapping) else {"path": image}
    limits = {key: fields.get(key) or getattr(layout, key) for key in ("min_pixels", "max_pixels")}
    if any(isinstance(limit, bool) or not isinstance(limit, int | None) for limit in limits.values()):
        raise InputError(f"{where} has pixel limits {limits}; expected whole numbers")
    if all(limits.values()) and limits["min_pixels"] > limits["max_pixels"]:
        raise InputError(f"{where} has pixel limits {limits}; expected min_pixels to be the smaller")
    data = fields.get("bytes")
    if isinstance(data, bytes):
        if not data:
            raise InputError(f"{where} has an image of no bytes")
        return {"bytes": data, "path": None, **limits}
    path = fields.get("path") or fields.get("image")
    if not isinstance(path, str):
        kind = f"an object with {', '.join(map(str, fields)) or 'nothing'}" if fields is image else repr(image)
        raise InputError(f"{where} has {kind} as an image; expected a path, or an object with bytes or path")
    root = Path(layout.root).expanduser() if layout.root else folder
    try:
        return {"bytes": None, "path": str(inside(root / path, root)), **limits}
    except InputError as error:
        hint = "" if layout.root else " (ttrl.image_root says where images are)"
        raise InputError(f"{where}: {error}{hint}") from error


def check_placeholders(messages: Sequence[Mapping[str, str]], images: Sequence[Any] | None, where: str) -> None:
    """Check that a prompt has one ``<image>`` for each of its images.

    Raises:
        InputError: it has more or fewer, or asks for a video or a sound.
    """
    places = sum(message["content"].count(PLACEHOLDER) for message in messages)
    if places != len(images or ()):
        raise InputError(
            f"{where} has {places} {PLACEHOLDER} and {len(images or ())} images; expected one {PLACEHOLDER} for each"
        )
    if images:
        for other in _OTHER_PLACEHOLDERS:
            if any(other in message["content"] for message in messages):
                raise InputError(f"{where} has {other}; expected no placeholder but {PLACEHOLDER}")


def chat_messages(messages: Sequence[Mapping[str, str]], images: Sequence[Mapping[str, Any]] | None) -> list[dict]:
    """Return a prompt as a processor's chat template takes it: each ``<image>`` becomes a part of the content.

    A prompt without images stays text, as verl leaves it.

    Example:
        >>> chat_messages([{"role": "user", "content": "<image>What?"}], [{"bytes": None, "path": "/a.png"}])
        [{'role': 'user', 'content': [{'type': 'image', 'image': '/a.png'}, {'type': 'text', 'text': 'What?'}]}]
    """
    if not images:
        return [dict(message) for message in messages]
    rest = iter(images)
    return [{"role": message["role"], "content": _parts(message["content"], rest)} for message in messages]


def _parts(content: str, images: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for number, text in enumerate(content.split(PLACEHOLDER)):
        if number:
            parts.append(_image_part(next(images)))
        if text:
            parts.append({"type": "text", "text": text})
    return parts


def _image_part(image: Mapping[str, Any]) -> dict[str, Any]:
    source = image["path"] if image["bytes"] is None else image["bytes"]
    limits = {key: image[key] for key in ("min_pixels", "max_pixels") if image.get(key) is not None}
    if "max_pixels" in limits:
        # qwen-vl-utils refuses a limit below its own lower one, which it takes where there is no other.
        limits.setdefault("min_pixels", min(limits["max_pixels"], _LEAST_PIXELS))
    return {"type": "image", "image": source, **limits}
