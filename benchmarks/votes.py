"""What a vote costs that stops when it is decided: tokens, seconds and labels beside the full vote's.

Three parts. ``groups``: random groups, lengths and orders of arrival, and whether label or kept rewards ever differ
from the full vote's. ``simulated``: groups of 64 votes, 32 kept, at set majority ratios; every response runs at one
token a tick, no limit on how many run at once; a ratio cannot be set with a real model. ``generated``: SmolLM2 goes on
freely, up to 256 tokens, in a real vLLM on this machine; the lengths are its own, the answers are drawn at the ratio,
and sessions run as in a run (``ttrl_verl.training.poll``), cancelled ones aborted in vLLM. ``stock`` is verl's order
with a vote in its sampler, as our first version had it: all 64 are asked and waited for, whatever they say. It and
``never`` do not look at the answers, so they are measured once, and stand at every ratio.

``python benchmarks/votes.py [groups] [simulated] [generated] [--out FOLDER]`` prints tables and writes ``votes.png``.
"""

import argparse
import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.vote import take_vote
from ttrl_verl.training.ballot import Ballot, VotePlan

VOTES, KEPT = 64, 32
RATIOS = (0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
PLANS = {
    "never": VotePlan(KEPT),
    "decided": VotePlan(KEPT, "decided"),
    "decided, all at once": VotePlan(KEPT, "decided", VOTES),
    "likely, 0.01": VotePlan(KEPT, "likely"),
}
PROMPTS = ("What do foxes eat?", "Tell me a joke.", "What is the sea?", "Why is the sky blue?")


def drawn(chance: random.Random, ratio: float, votes: int = VOTES) -> list[str | None]:
    """Draw a group's answers: each is the first with this chance; else one of seven others, or none."""
    others = ["b", "c", "d", "e", "f", "g", "h", None]
    return ["a" if chance.random() < ratio else others[min(int(chance.expovariate(0.7)), 7)] for _ in range(votes)]


def simulate(answers: list, lengths: list[int], plan: VotePlan) -> tuple[dict, float, float]:
    """Run a vote; return the answers that came by place, the tokens sampled, and the ticks until the last one came."""
    ballot, now, tokens = Ballot(len(answers), plan), 0.0, 0.0
    began: dict[int, float] = {}
    came: dict[int, str | None] = {}
    counted: set[int] = set()
    while True:
        began.update(dict.fromkeys(ballot.ask(), now))
        running = [place for place in began if place not in came and place not in ballot.cut]
        if not running:
            return came, tokens, now
        place = min(running, key=lambda place: (began[place] + lengths[place], place))
        now = began[place] + lengths[place]
        tokens += lengths[place]
        came[place] = answers[place]
        ballot.cast(place, answers[place])
        tokens += sum(now - began[cut] for cut in ballot.cut - counted if cut in began)
        counted |= ballot.cut


def differs(answers: list, came: dict, kept: int) -> bool:
    """Return whether the label or a kept response's reward is not the full vote's."""
    cast = [came[place] for place in sorted(came)]
    rewards = [majority_vote(Group(answers=tuple(group)))[:kept] for group in (answers, cast)]
    return take_vote(cast).label != take_vote(answers).label or rewards[0] != rewards[1]


def groups(count: int) -> None:
    """Look for a difference in random groups, in random orders of arrival."""
    chance, wrong = random.Random(0), 0
    for _ in range(count):
        votes = chance.choice([2, 3, 5, 8, 16, 32, 64])
        answers = drawn(chance, chance.random(), votes)
        lengths = [1 + int(chance.expovariate(0.001)) for _ in range(votes)]
        kept = chance.randint(1, votes)
        plan = VotePlan(kept, "decided", chance.choice([None, 1, votes]))
        wrong += differs(answers, simulate(answers, lengths, plan)[0], kept)
    print(f"decided: label or kept rewards differ in {wrong} of {count:,} groups", flush=True)


def simulated(count: int, out: Path) -> None:
    """Print what each plan costs at each ratio, and draw it."""
    shares: dict[str, list[float]] = {name: [] for name in PLANS}
    print("ratio  plan                   tokens  time of the slowest  labels that differ")
    for ratio in RATIOS:
        for name, plan in PLANS.items():
            chance, tokens, full, ticks, longest, wrong = random.Random(1), 0.0, 0, 0.0, 0, 0
            for _ in range(count):
                answers = drawn(chance, ratio)
                lengths = [min(32_768, int(chance.lognormvariate(8, 1))) for _ in answers]
                came, sampled, last = simulate(answers, lengths, plan)
                tokens, full = tokens + sampled, full + sum(lengths)
                ticks, longest = ticks + last, longest + max(lengths)
                cast = [came[place] for place in sorted(came)]
                wrong += take_vote(cast).label != take_vote(answers).label
            shares[name].append(tokens / full)
            print(
                f"{ratio:5.2f}  {name:21}  {tokens / full:6.3f}  {ticks / longest:19.2f}  {wrong} of {count}",
                flush=True,
            )
    _draw(shares, out)


def _draw(shares: dict[str, list[float]], out: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
    for name, values in shares.items():
        axis.plot(RATIOS, values, marker="o", label=name)
    axis.set(xlabel="majority ratio", ylabel="tokens sampled, full vote = 1", ylim=(0, 1.05))
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "votes.png", dpi=130)


async def generated(model: str, prompts: int, tokens: int, ratios: list[float], running: int) -> None:
    """Print what each plan costs in a real vLLM at each of these ratios."""
    engine = _engine(model, tokens, running)
    sampling = _sampling(tokens)
    await _round(engine, _sampling(4), 1, 0.5, None)  # vLLM's first steps warm up
    print(f"{prompts} prompts x {VOTES} votes, up to {tokens} tokens, at most {running} at once; answers are assigned")
    print("ratio  plan                   tokens  seconds  against never  responses  saved, estimated  other labels")
    stock = await _row("any", "stock", engine, sampling, prompts, 0.5, None)
    full = await _row("any", "never", engine, sampling, prompts, 0.5, PLANS["never"])
    print(f"never / stock: {full[0] / stock[0]:.3f} of the tokens, {full[1] / stock[1]:.3f} of the seconds", flush=True)
    for name in ("decided", "likely, 0.01"):
        for ratio in ratios:
            await _row(f"{ratio:.2f}", name, engine, sampling, prompts, ratio, PLANS[name], full)
    engine.shutdown()


async def _row(
    said: str,
    name: str,
    engine: object,
    sampling: object,
    prompts: int,
    ratio: float,
    plan: VotePlan | None,
    full: tuple[int, float] | None = None,
) -> tuple[int, float]:
    """Run a round and print it; return its tokens and seconds."""
    began = time.perf_counter()
    voted = await _round(engine, sampling, prompts, ratio, plan)
    seconds, sampled = time.perf_counter() - began, sum(each.tokens for each in voted)
    full = full or (sampled, seconds)
    came, saved = sum(len(each.cast) for each in voted), sum(each.saved for each in voted)
    wrong = sum(take_vote(_in_order(each.cast)).label != take_vote(each.answers).label for each in voted)
    against = f"{sampled / full[0]:.3f}, {seconds / full[1]:.3f}"
    print(f"{said:5}  {name:21}  {sampled:6}  {seconds:7.1f}  {against:13}  {came:9}  {saved:16}  {wrong}", flush=True)
    return sampled, seconds


class _Voted(NamedTuple):
    answers: list
    cast: dict[int, str | None]
    tokens: int
    saved: int


def _in_order(cast: dict[int, str | None]) -> list[str | None]:
    return [cast[place] for place in sorted(cast)]


def _engine(model: str, tokens: int, running: int) -> object:
    """Start vLLM as the recipes for a CPU do."""
    os.environ |= {"VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "TORCH_COMPILE_DISABLE": "1"}
    import verl  # noqa: F401  # loads the plugin, which answers for vllm-cpu
    from vllm import AsyncEngineArgs, AsyncLLMEngine

    arguments = AsyncEngineArgs(model=model, dtype="float32", enforce_eager=True, max_model_len=64 + tokens)
    arguments.max_num_seqs, arguments.disable_log_stats = running, True
    return AsyncLLMEngine.from_engine_args(arguments)


def _sampling(tokens: int) -> object:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(temperature=1.0, max_tokens=tokens, output_kind=RequestOutputKind.CUMULATIVE)


async def _round(engine: object, sampling: object, prompts: int, ratio: float, plan: VotePlan | None) -> list[_Voted]:
    return await asyncio.gather(*(_vote(engine, sampling, number, ratio, plan) for number in range(prompts)))


async def _vote(engine: object, sampling: object, number: int, ratio: float, plan: VotePlan | None) -> _Voted:
    """Run one prompt's sessions; ``plan=None`` asks all and waits, without a poll."""
    from ttrl_verl.training.poll import Poll

    poll = Poll(VOTES, plan or PLANS["never"], sampling.max_tokens)
    answers = drawn(random.Random(number), ratio)
    sampled, cast = [0] * VOTES, {}
    question = f"<|im_start|>user\n{PROMPTS[number % len(PROMPTS)]}<|im_end|>\n<|im_start|>assistant\n"

    async def session(place: int) -> None:
        async for output in engine.generate(question, sampling, f"{id(poll)}-{place}"):
            sampled[place] = len(output.outputs[0].token_ids)
        cast[place] = answers[place]
        if plan is not None:
            poll.generated(place, sampled[place])
            poll.cast(place, answers[place])

    if plan is None:
        await asyncio.gather(*(session(place) for place in range(VOTES)))
    else:
        await asyncio.gather(*(poll.run(place, lambda place=place: session(place)) for place in range(VOTES)))
    return _Voted(answers, cast, sum(sampled), poll.saved.tokens if poll.saved else 0)


def _chosen(parts: list[str]) -> Iterator[str]:
    yield from parts or ("groups", "simulated", "generated")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=["groups", "simulated", "generated", []], help="all by default")
    parser.add_argument("--out", type=Path, default=Path("votes"))
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=400, help="simulated groups a ratio and plan")
    parser.add_argument("--model", help="a folder; the demo's SmolLM2 by default")
    parser.add_argument("--prompts", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--running", type=int, default=128, help="vLLM's max_num_seqs")
    parser.add_argument("--ratios", type=float, nargs="+", default=[0.9, 0.6, 0.3], help="of the generated part")
    arguments = parser.parse_args()
    for part in _chosen(arguments.parts):
        if part == "groups":
            groups(arguments.groups)
        elif part == "simulated":
            simulated(arguments.each, arguments.out)
        else:
            from ttrl_verl.demo.tasks import SMOLLM2

            # `ttrl-verl demo` makes it.
            model = arguments.model or str(SMOLLM2.model_dir)
            asyncio.run(generated(model, arguments.prompts, arguments.tokens, arguments.ratios, arguments.running))


if __name__ == "__main__":
    main()
