"""Images as real files, the hostile ones too."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ttrl_verl.errors import InputError
from ttrl_verl.questions.image_file import MAX_PIXELS, fit_pixels, image_size, open_image, open_parts, stored_as

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of what is then refused

RED, BLUE = (255, 0, 0), (0, 0, 255)


def halves(width=40, height=20) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has next to no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def animated(path, kind):
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, BLUE)]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:])


def test_exif_rotation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right of the file: turn clockwise
    halves().save(tmp_path / "a.png", exif=exif)
    image = open_image(tmp_path / "a.png")
    # The left of the file comes to the top.
    assert (image.size, image.getpixel((5, 5)), image.getpixel((5, 35))) == ((20, 40), RED, BLUE)
    assert image_size(tmp_path / "a.png") == (20, 40)


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg")  # no cyan: red
    red, green, blue = open_image(tmp_path / "a.jpg").getpixel((4, 4))
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_become_eight(name, tmp_path):
    # 0, 128 * 256, 65535: black, half, white. Pillow's own conversion gives 0, 255, 255.
    Image.fromarray(np.array([[0, 32768, 65535]] * 3, dtype=np.uint16)).save(tmp_path / name)
    assert [open_image(tmp_path / name).getpixel((x, 0)) for x in range(3)] == [(0,) * 3, (128,) * 3, (255,) * 3]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode, tmp_path):
    if mode == "P":
        image = Image.new("P", (8, 8), 3)
        image.putpalette([0, 0, 0] * 256)
        image.save(tmp_path / "a.png", transparency=3)
    else:
        Image.new(mode, (8, 8), 0).save(tmp_path / "a.png")  # black, and wholly transparent
    assert open_image(tmp_path / "a.png").getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_other_modes_become_rgb(mode, tmp_path):
    halves().convert(mode).save(tmp_path / "a.png")
    assert open_image(tmp_path / "a.png").mode == "RGB"


def test_a_cameras_second_picture_is_left(tmp_path):
    halves().save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (40, 20))])
    assert open_image(tmp_path / "a.jpg").getpixel((2, 2))[0] > 200


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_is_refused_and_one_frame_is_not(kind, tmp_path):
    animated(tmp_path / "a", kind)
    with pytest.raises(InputError, match=rf"a: is a {kind} of several pictures"):
        open_image(tmp_path / "a")
    halves().save(tmp_path / "b", kind)
    assert open_image(tmp_path / "b").size == (40, 20)


def noise() -> bytes:
    data = io.BytesIO()
    Image.effect_noise((100, 100), 50).convert("RGB").save(data, "JPEG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"GET / HTTP/1.1\r\n", "is no image; expected one of BMP"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no image"),  # Pillow would start Ghostscript
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "is no image"),
        (b"\x89PNG\r\n\x1a\n", "is no image|cannot be read"),
        (b"\xff\xd8\xff\xe0", "is no image|cannot be read"),
        (b"II*\0\xff\xff\xff\xff", "is no image|cannot be read"),
        (noise()[:1500], "cannot be read: "),
        (png_header(100, 100), "cannot be read: "),
        (png_header(30_000, 30_000), r"has 30000 x 30000 pixels; expected at most|exceeds limit"),
        (png_header(10_000, 9_500), rf"has 10000 x 9500 pixels; expected at most {MAX_PIXELS}"),
        (png_header(0, 5), "."),
        (png_header(2010, 10), "sides of at most 200 to 1"),
    ],
    ids=lambda value: value[:12],
)
def test_what_is_no_picture_is_one_line(content, message, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        open_image(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match=r"^row 1: "):
        open_image(content, "row 1")


def test_floating_point_is_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="floating-point"):
        open_image(tmp_path / "a.tif")


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for name, message in (("pipe.png", "is no file"), ("none.png", "no such file"), (".", "is no file")):
        with pytest.raises(InputError, match=message):
            open_image(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_line(tmp_path):
    halves().save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(InputError, match=r"cannot be read: .*Permission"):
        open_image(tmp_path / "a.png")


def test_a_name_cannot_break_the_line(tmp_path):
    with pytest.raises(InputError, match=r"^'[^\x1b\n]*\\x1b\[2J\\n\.png': no such file$"):
        open_image(tmp_path / "\x1b[2J\n.png")


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        ((None, None), (40, 20)),
        ((800, 800), (40, 20)),  # 40 * 20
        ((None, 200), (20, 10)),  # half each side
        ((3200, None), (80, 40)),
        ((None, 1), (1, 1)),
    ],
)
def test_pixels_are_fitted(limits, size):
    assert fit_pixels(halves(), *limits).size == size


def test_parts_are_opened_where_they_are_images(tmp_path):
    halves().save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    image = Image.new("RGB", (1, 1))
    content = [{"type": "image", "image": source} for source in (str(tmp_path / "a.png"), data, image)]
    text = {"role": "system", "content": "text"}
    opened = open_parts([text, {"role": "user", "content": [*content, {"type": "text", "text": "?"}]}])
    assert opened[0] == text
    assert [part["image"].size for part in opened[1]["content"][:3]] == [(40, 20), (40, 20), (1, 1)]
    assert content[0]["image"] == str(tmp_path / "a.png")  # what was given is as it was


def test_whether_bytes_show_what_is_seen():
    def stored(image, kind, **options):
        data = io.BytesIO()
        image.save(data, kind, **options)
        return stored_as(data.getvalue())

    exif = Image.Exif()
    exif[0x0112] = 3
    assert stored(halves(), "PNG") == ("PNG", True)
    assert stored(halves().convert("L"), "JPEG") == ("JPEG", True)
    assert stored(halves(), "JPEG", exif=exif) == ("JPEG", False)
    assert stored(halves().convert("RGBA"), "PNG") == ("PNG", False)
    assert stored(halves(), "BMP") == ("BMP", False)
