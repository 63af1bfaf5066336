"""The demo's InternVL at its smallest, with the words of the tiny Qwen2.5-VL: ``FOLDER [untied] [qwen3]``."""

import sys
from pathlib import Path

from tiny_vision_model import WORDS

from ttrl_verl.demo.tiny_internvl import build

if __name__ == "__main__":
    more = sys.argv[2:]
    build(Path(sys.argv[1]), WORDS, tied="untied" not in more, text="qwen3" if "qwen3" in more else "qwen2")
