"""The demo's Qwen2.5-VL at its smallest, some 150,000 weights, with words for questions about letters and digits."""

import sys
from pathlib import Path
from string import ascii_uppercase

from ttrl_verl.demo.tiny_qwen import build

LETTERS = [*ascii_uppercase, *(f"{letter}." for letter in ascii_uppercase)]
QUESTION = ["Which", "of", "these", "does", "the", "picture", "show?", "Answer", "with", "letter", "alone:", "or"]
WORDS = [*LETTERS, *"0123456789", *QUESTION, "A,", "B,", "C,"]

if __name__ == "__main__":
    build(Path(sys.argv[1]), [*WORDS, *sys.argv[2:]])
