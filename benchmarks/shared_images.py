"""What a prompt's responses cost an agent loop's worker before they are sampled, each on its own and sharing images.

    python benchmarks/shared_images.py [--responses 64] [--size 640 480]

The image is read from a PNG file, tiled as InternVL's own processor does it (12 tiles of 448 pixels and a thumbnail),
opened once a response and processed three times, as verl 0.9.1 does; then with ``training.shared_images``.
"""

import argparse
import tempfile
import time
from pathlib import Path

from PIL import Image
from transformers import GotOcr2ImageProcessor

from ttrl_verl.questions.image_file import open_parts
from ttrl_verl.training.shared_images import share_opening, share_processing

PASSES = 3


class Rows:
    """A data set, as far as an agent loop's worker asks one for images."""

    @classmethod
    def _process_multi_modal_info(cls, messages: list[dict], image_patch_size: int, config: object) -> tuple:
        parts = open_parts(messages)[0]["content"]
        return [part["image"] for part in parts if part["type"] == "image"], None, None


def seconds(rows: type, processor: GotOcr2ImageProcessor, messages: list[dict], responses: int) -> float:
    """Return the time that one prompt's responses take."""
    started = time.perf_counter()
    for _ in range(responses):
        images = rows._process_multi_modal_info(list(messages), 14, None)[0]
        for _ in range(PASSES):
            processor(images, return_tensors="pt")
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=64)
    parser.add_argument("--size", type=int, nargs=2, default=[640, 480])
    arguments = parser.parse_args()
    size = {"height": 448, "width": 448}
    plain, shared = (GotOcr2ImageProcessor(size=size, crop_to_patches=True, max_patches=12) for _ in range(2))
    share_processing(shared)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        Image.effect_noise(tuple(arguments.size), 90).convert("RGB").save(path)
        messages = [{"role": "user", "content": [{"type": "image", "image": str(path)}, {"type": "text", "text": "?"}]}]
        alone = seconds(Rows, plain, messages, arguments.responses)
        once = seconds(share_opening(Rows), shared, messages, arguments.responses)
    ratio = once / alone
    print(f"{arguments.responses} responses: each alone {alone:.2f} s, sharing {once:.2f} s, ratio {ratio:.3f}")
