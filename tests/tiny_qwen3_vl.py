"""The demo's Qwen3-VL at its smallest, with the words of the tiny Qwen2.5-VL."""

import sys
from pathlib import Path

from tiny_vision_model import WORDS

from ttrl_verl.demo.tiny_qwen3_vl import build

if __name__ == "__main__":
    build(Path(sys.argv[1]), WORDS)
