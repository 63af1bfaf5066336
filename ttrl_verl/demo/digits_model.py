"""The vision demo's models: each of some 500,000 weights, and learns the ten digits here, upright, with labels.

Run as a process (``python -m ttrl_verl.demo.digits_model FOLDER KIND``): it imports torch, the demo does not.
"""

import sys
from pathlib import Path

from ttrl_verl.demo import tiny_internvl, tiny_qwen, tiny_qwen3_vl
from ttrl_verl.demo.digits import LEARNT, QUESTION, WORDS, Digits, read_digits, write_questions
from ttrl_verl.files import whole_folder

_STEPS, _BATCH, _RATE, _TURN = 300, 64, 1.5e-3, 10.0
_SMOOTHING = 0.3
"""Label smoothing. Without it the model is sure of its errors, and a vote among sixteen of them corrects none."""


_BUILD = {"qwen2.5-vl": tiny_qwen.build, "internvl": tiny_internvl.build, "qwen3-vl": tiny_qwen3_vl.build}


def make(target: Path, kind: str = "qwen2.5-vl") -> None:
    """Write ``model/``, the rotated pictures and the question files into a folder that appears when it is complete.

    Args:
        target: the folder.
        kind: a name of ``tasks.DIGITS``.
    """
    import torch

    # On random cores a second thread takes longer than it saves: the model is that small.
    torch.set_num_threads(1)
    digits = read_digits()
    with whole_folder(target) as folder:
        _BUILD[kind](folder / "model", [*QUESTION.split(), *WORDS], hidden=128)
        _learn(folder / "model", digits)
        write_questions(folder, digits)


def _learn(folder: Path, digits: Digits, steps: int = _STEPS) -> None:
    """Train on upright pictures: AdamW, one cycle of the learning rate, cross-entropy of the word and the end token."""
    import numpy as np
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder)
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    random = np.random.default_rng(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    torch.manual_seed(0)
    model.train()
    for step in range(1, steps + 1):
        chosen = random.integers(0, LEARNT, _BATCH)
        # Turned a little: a model that saw nothing turned at all is right about nothing that is.
        pictures = [digits.picture(index, random.uniform(-_TURN, _TURN)) for index in chosen]
        texts = [f"{prompt}{digits.word(index)} <|im_end|>" for index in chosen]
        batch = processor(text=texts, images=pictures, return_tensors="pt")
        logits = model(**batch).logits[:, -3:-1]  # what foretells the word, and the end token after it
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), batch["input_ids"][:, -2:].flatten(), label_smoothing=_SMOOTHING
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}", flush=True)
    model.save_pretrained(folder)


if __name__ == "__main__":
    make(Path(sys.argv[1]), *sys.argv[2:])
