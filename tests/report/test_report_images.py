import base64
import io
import json

import pytest
from PIL import Image
from run_folder import answers_to, make_run

from ttrl_verl.record.read import open_run
from ttrl_verl.report.images import PER_SOURCE, Tally, read_images
from ttrl_verl.report.write import write_report


@pytest.fixture
def run(tmp_path):
    """Two pictures, red and blue; one is learnt, of the other the majority stays wrong."""

    def make(rows=2, **fields):
        for name in ("red", "blue"):
            Image.new("RGB", (20, 10), name).save(tmp_path / f"{name}.png")
        file = tmp_path / "pictures.jsonl"
        lines = [{"prompt": "<image>colour?", "images": ["red.png", "blue.png"][n % 2]} for n in range(rows)]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        before = [
            row | {"origin": f"{file}:{n + 1}"} for n in range(rows) for row in answers_to(n, ["blue", None], "red")
        ]
        after = [
            row | {"origin": f"{file}:{n + 1}"}
            for n in range(rows)
            for row in answers_to(n, ["red", "red"] if n % 2 == 0 else ["blue", "blue"], "red")
        ]
        settings = {"data.val_files": [str(file)]} | fields.pop("settings", {})
        return make_run(tmp_path / "run", validation={0: before, 4: after}, settings=settings, **fields)

    return make


def test_pictures_come_with_their_votes_before_and_after(run):
    ((source, pictures),) = read_images(open_run(run())).items()
    assert source == "questions"
    assert [picture.label for picture in pictures] == ["red", "red"]
    assert pictures[0].before == Tally((("blue", 1), ("no answer", 1)), right=False)
    assert pictures[0].after == Tally((("red", 2),), right=True)
    assert pictures[1].after == Tally((("blue", 2),), right=False)
    data = base64.b64decode(pictures[0].uri.removeprefix("data:image/png;base64,"))
    image = Image.open(io.BytesIO(data))
    assert (image.size, image.getpixel((0, 0))) == ((20, 10), (255, 0, 0))


def test_the_first_of_a_file_are_shown(run):
    ((_, pictures),) = read_images(open_run(run(rows=40))).items()
    assert [picture.origin for picture in pictures] == [f"pictures.jsonl:{n + 1}" for n in range(PER_SOURCE)]


def test_the_page_shows_them_and_fetches_nothing(run):
    page = write_report(run()).page.read_text()
    assert page.count("<figure>") == 2
    assert page.count('src="data:image/png;base64,') == 2
    assert "img-src data:" in page
    assert "http" not in page.split("<footer>")[0].split("</style>")[1]


@pytest.mark.parametrize("what", ["gone", "no picture any more", "the run wrote no origins"])
def test_without_its_pictures_a_report_goes_without(run, tmp_path, what):
    folder = run()
    if what == "gone":
        (tmp_path / "pictures.jsonl").unlink()
    elif what == "no picture any more":
        (tmp_path / "red.png").write_bytes(b"")
        (tmp_path / "blue.png").write_bytes(b"")
    else:
        for path in (folder / "validation").iterdir():
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            path.write_text("".join(json.dumps({k: v for k, v in row.items() if k != "origin"}) + "\n" for row in rows))
    assert read_images(open_run(folder)) == {}
    assert "<figure>" not in write_report(folder).page.read_text()
