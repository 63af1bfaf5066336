"""How much of a model lies half-way between two bfloat16 numbers, and what the least step then does.

    python benchmarks/rounding_ties.py [--model FOLDER_OR_ID] [--rate 2e-6]

Rounding sends a weight that lies exactly half-way to the even neighbour. After any step, however small, it goes to the
neighbour on the step's side: a whole digit of bfloat16, in each such weight, by the sign of its gradient alone. Weights
that were made from few bits are often there; weights that were bfloat16 once never are.

Takes one gradient step on the log-probability of the right continents, forwards and backwards, and prints by how much
that log-probability changes where the weights are rounded to bfloat16 and where they are not, beside what the
gradient promises. The default model is the demo's.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from ttrl_verl.demo.smollm2 import convert
from ttrl_verl.demo.tasks import SMOLLM2, TASKS

_HALF_A_DIGIT = 0x8000  # of bfloat16, in the bits of a float32


def tie_share(model: torch.nn.Module) -> float:
    """Return the share of the weights that lie exactly half-way between two bfloat16 numbers."""
    ties = sum(int(((p.detach().view(torch.int32) & 0xFFFF) == _HALF_A_DIGIT).sum()) for p in model.parameters())
    return ties / sum(p.numel() for p in model.parameters())


def encode(tokenizer: AutoTokenizer, file: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return of each question its prompt and its right answer, token ids."""
    pairs = []
    for row in map(json.loads, file.read_text().splitlines()):
        prompt = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_dict=False)
        answer = tokenizer(row["answer"], add_special_tokens=False)["input_ids"]
        pairs.append((torch.tensor(prompt), torch.tensor(answer)))
    return pairs


def score(model: torch.nn.Module, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """Return the mean log-probability of the right answers, nats."""
    total = torch.zeros(())
    for prompt, answer in pairs:
        logits = model(input_ids=torch.cat([prompt, answer])[None]).logits[0, len(prompt) - 1 : -1]
        total = total + torch.log_softmax(logits.float(), -1).gather(1, answer[:, None]).sum()
    return total / len(pairs)


@torch.no_grad()
def score_after(
    model: torch.nn.Module, weights: list[torch.Tensor], step: float, pairs: list, *, rounded: bool
) -> float:
    """Return the score after a step of that size along each weight's gradient. Computed in float32 either way."""
    for parameter, weight in zip(model.parameters(), weights, strict=True):
        moved = weight + step * parameter.grad
        parameter.copy_(moved.bfloat16() if rounded else moved)
    return float(score(model, pairs))


def main() -> None:
    """Print the share of ties, and the effect of a step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a folder or a hub id")
    parser.add_argument("--rate", type=float, default=2e-6)
    arguments = parser.parse_args()
    if arguments.model is None and not SMOLLM2.folder.is_dir():
        convert(SMOLLM2.folder)
    name = arguments.model or str(SMOLLM2.model_dir)
    model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    pairs = encode(AutoTokenizer.from_pretrained(name), TASKS["continents"].adapted)
    print(f"{tie_share(model):.1%} of the weights lie half-way between two bfloat16 numbers")

    score(model, pairs).backward()
    promised = arguments.rate * sum(float((p.grad**2).sum()) for p in model.parameters())
    weights = [p.detach().clone() for p in model.parameters()]
    print(f"one step of {arguments.rate:g} along the gradient promises {promised:+.5f} nats")
    for rounded in (False, True):
        back, still, forth = (
            score_after(model, weights, sign * arguments.rate, pairs, rounded=rounded) for sign in (-1, 0, 1)
        )
        kind = "rounded to bfloat16" if rounded else "float32"
        print(f"{kind:20} log-probability {still:.4f}: forwards {forth - still:+.5f}, backwards {back - still:+.5f}")


if __name__ == "__main__":
    main()
