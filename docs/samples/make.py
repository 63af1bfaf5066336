"""Make a sample report of runs, and the README's picture of one.

    python docs/samples/make.py NAME RUN_DIR [OTHER_RUN_DIR ...] [--hide FOLDER ...]
    python docs/samples/make.py NAME --picture

The first writes ``docs/samples/NAME.html``: what ``ttrl-verl report`` writes, beside the other runs where some are
given, with the home folder written as ``~`` and each FOLDER as ``.``. The second takes a picture of its first screen,
NAME.png, with chromium.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from ttrl_verl.report.write import write_report

HERE = Path(__file__).parent
PICTURE = (1160, 1000)


def make(name: str, folders: list[Path], hide: list[Path]) -> Path:
    """Write the sample of some runs and return where it is."""
    page = HERE / f"{name}.html"
    with tempfile.TemporaryDirectory() as scratch:
        written = write_report(folders[0], others=folders[1:], out=Path(scratch) / "report.html")
        text = written.page.read_text(encoding="utf-8")
    text = text.replace(f"{Path.home()}/", "~/")
    for folder in hide:
        text = text.replace(str(folder), ".")
    page.write_text(text, encoding="utf-8")
    return page


def picture(name: str, browser: str) -> Path:
    """Take a picture of a sample's first screen and return where it is."""
    image = HERE / f"{name}.png"
    size = ",".join(map(str, PICTURE))
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={scratch}"]
        command = [browser, *options, f"--window-size={size}", f"--screenshot={image}", f"file://{HERE / name}.html"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    return image


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--hide", nargs="+", default=[], type=Path)
    parser.add_argument("--picture", action="store_true")
    parser.add_argument("--browser", default="chromium")
    arguments = parser.parse_args()
    if arguments.runs:
        print(make(arguments.name, arguments.runs, arguments.hide))
    if arguments.picture:
        print(picture(arguments.name, arguments.browser))
