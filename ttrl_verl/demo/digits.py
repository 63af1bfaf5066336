"""The vision demo's pictures: handwritten digits, upright to learn from with labels, rotated to adapt to without.

``digits.csv.gz`` is the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine
Learning Repository, CC BY 4.0) as scikit-learn distributes it: a line a picture, 64 greys from 0 to 16, then the digit.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ttrl_verl.demo.tiny_qwen import SIDE

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
QUESTION = "which digit is this ?"
LEARNT, ADAPTED, HELDOUT = 1300, 64, 64
"""How many pictures the model learns from, adapts to, and is measured on beside."""

ROTATION = 20.0
"""The shift, in degrees: so far that a response is right half of the time, so little that the majority mostly is."""

_FILE = Path(__file__).parent / "digits.csv.gz"


@dataclass(frozen=True, slots=True)
class Digits:
    """Pictures and what they show: ``images`` (n, 8, 8), from 0 to 1, and ``labels`` (n,), from 0 to 9."""

    images: np.ndarray
    labels: np.ndarray

    def picture(self, index: int, rotation: float = 0.0) -> Image.Image:
        """Return a picture as the model gets it, ``SIDE`` pixels wide, turned counter-clockwise by some degrees."""
        grey = Image.fromarray((255 * self.images[index]).astype(np.uint8))
        return grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR).convert("RGB").rotate(rotation)

    def word(self, index: int) -> str:
        """Return what a picture shows, as a word."""
        return WORDS[self.labels[index]]


def read_digits() -> Digits:
    """Return all 1,797 pictures, in an order that does not depend on who wrote them."""
    with gzip.open(_FILE, "rt", encoding="ascii") as file:
        values = np.loadtxt(file, delimiter=",")
    values = values[np.random.default_rng(0).permutation(len(values))]
    return Digits(values[:, :64].reshape(-1, 8, 8) / 16, values[:, 64].astype(int))


def write_questions(folder: Path, digits: Digits) -> None:
    """Write the rotated pictures and their question files: ``digits_adapted``, ``_heldout`` and ``_single.jsonl``."""
    _write(folder, "digits_adapted", digits, range(LEARNT, LEARNT + ADAPTED))
    _write(folder, "digits_single", digits, range(LEARNT, LEARNT + 1))
    _write(folder, "digits_heldout", digits, range(LEARNT + ADAPTED, LEARNT + ADAPTED + HELDOUT))


def _write(folder: Path, name: str, digits: Digits, indices: Sequence[int]) -> None:
    (folder / name).mkdir(parents=True)
    rows = []
    for number, index in enumerate(indices):
        path = Path(name) / f"{number:03d}.png"
        digits.picture(index, ROTATION).save(folder / path)
        rows.append({"prompt": f"<image>{QUESTION}", "images": str(path), "answer": digits.word(index)})
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
