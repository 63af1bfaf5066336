"""Open an image as a model is to see it: one picture, upright, RGB, 8 bits a channel; or one line that says why not.

Whatever a file says of itself, Pillow is held to a short list of formats: some of its readers start other programs.
"""

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from ttrl_verl.errors import InputError
from ttrl_verl.printable import one_line, path_name

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MAX_BYTES = 256 * 2**20
MAX_RATIO = 200
"""Longest side over shortest: qwen-vl-utils and the processors refuse more."""
MAX_PIXELS = Image.MAX_IMAGE_PIXELS or 89_478_485
"""Pillow's own limit, at which it only warns: a few bytes can unpack to gigabytes."""
_ORIENTATION = 0x0112  # EXIF's tag

# What it warns of is refused below, in one line.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_image(source: str | Path | bytes, name: str | None = None) -> Image.Image:
    """Return an image, decoded.

    EXIF rotation is applied; palettes, greys, CMYK and 16-bit greys become RGB; transparency becomes white. Of a
    camera's multi-picture JPEG, the first picture is taken.

    Args:
        source: a file, or its bytes.
        name: what a message calls it; by default the path.

    Raises:
        InputError: it is missing, empty, truncated, animated, too large, too long and narrow, or no image. The message
            names it.
    """
    return _guarded(source, name, _as_seen)


def image_size(source: str | Path | bytes, name: str | None = None) -> tuple[int, int]:
    """Return an image's width and height as ``open_image`` would, from its header alone.

    Raises:
        InputError: as ``open_image``, but for what only decoding shows.
    """
    return _guarded(source, name, _upright_size)


def fit_pixels(image: Image.Image, min_pixels: int | None, max_pixels: int | None) -> Image.Image:
    """Return an image with its sides scaled, ratio kept, so that its number of pixels is within the limits.

    Example:
        >>> fit_pixels(Image.new("RGB", (200, 100)), None, 5000).size
        (100, 50)
    """
    pixels = image.width * image.height
    if max_pixels is not None and pixels > max_pixels:
        scale, rounded = (max_pixels / pixels) ** 0.5, math.floor
    elif min_pixels is not None and pixels < min_pixels:
        scale, rounded = (min_pixels / pixels) ** 0.5, math.ceil
    else:
        return image
    # To nine digits first: a side of 56 must not become 55 because its square root was 55.999999999999.
    width, height = (max(1, rounded(round(side * scale, 9))) for side in image.size)
    return image.resize((width, height))


def stored_as(data: bytes) -> tuple[str, bool]:
    """Return the format of an image's bytes, and whether any reader would see in them what ``open_image`` returns."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        plain = image.mode in ("RGB", "L") and not image.has_transparency_data
        upright = image.getexif().get(_ORIENTATION, 1) == 1
        return image.format, plain and upright and image.format in ("JPEG", "PNG", "WEBP")


def open_parts(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return chat messages with every image opened that is still a path or bytes."""
    return [
        {**message, "content": [_opened(part) for part in message["content"]]}
        if isinstance(message["content"], list)
        else dict(message)
        for message in messages
    ]


def _opened(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if part.get("type") != "image" or isinstance(part["image"], Image.Image):
        return part
    return {**part, "image": open_image(part["image"])}


def _guarded(source: str | Path | bytes, name: str | None, use: Any) -> Any:
    """Open a source within the limits and return what is made of it; whatever goes wrong is one line."""
    name = name or ("an image" if isinstance(source, bytes) else path_name(source))
    try:
        with _file(source) as file, Image.open(file, formats=FORMATS) as image:
            _check(image)
            return use(image)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except Image.UnidentifiedImageError as error:
        raise InputError(f"{name}: is no image; expected one of {', '.join(FORMATS)}") from error
    except MemoryError:
        raise
    # On hostile bytes Pillow's readers raise nearly anything: OSError, SyntaxError, struct.error, IndexError, ...
    except Exception as error:
        said = str(error).splitlines()
        raise InputError(f"{name}: cannot be read: {one_line(said[0]) if said else type(error).__name__}") from error


def _file(source: str | Path | bytes) -> Any:
    size = len(source) if isinstance(source, bytes) else _file_size(Path(source))
    if size == 0:
        raise InputError("is empty")
    if size > MAX_BYTES:
        raise InputError(f"has {size} bytes; expected at most {MAX_BYTES}")
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def _file_size(path: Path) -> int:
    if not path.is_file():  # a pipe would be waited on for ever
        raise InputError("is no file" if path.exists() else "no such file")
    return path.stat().st_size


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(f"has {width} x {height} pixels; expected at most {MAX_PIXELS} in all")
    if max(width, height) > MAX_RATIO * min(width, height):
        raise InputError(f"has {width} x {height} pixels; expected sides of at most {MAX_RATIO} to 1")
    # An MPO is a photograph with a preview or a second eye beside it. Counting the frames would read a whole animation.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise InputError(f"is a {image.format} of several pictures, an animation or pages; expected one")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    sideways = image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    return (image.height, image.width) if sideways else image.size


def _as_seen(image: Image.Image) -> Image.Image:
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        return _eight_bits(upright)
    if upright.mode == "F":
        raise InputError("has pixels of floating-point numbers; expected whole ones")
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return upright.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of 16 bits as RGB; Pillow's own conversion clips at 255 and shows white."""
    low, high = image.getextrema()
    if low < 0 or high > 0xFFFF:
        raise InputError(f"has pixels from {low} to {high}; expected 16 bits at most")
    return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
