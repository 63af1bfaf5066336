"""How the parts that are ours grow: prompts loaded, responses graded, responses voted on.

    python benchmarks/scale.py [--out FOLDER] [--prompts 1024] [--questions 1000000] [--tokens 256]

No model is run. Questions go through the real data set, responses through verl's own reward worker, groups through the
group stage on a real TransferQueue: what the stage reads is there, with the length of each response in its tag, and not
the tokens, which it does not read; rewards are written at their full length. Each measurement is a process of its own,
so that its peak memory is its own. Prints a table, and writes ``scale.json`` and ``scale.png``.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

VOTES = 64
KEPT = 32
RESPONSE_TOKENS = 256


def questions(folder: Path, count: int) -> dict[str, float]:
    """Build the training set from ``count`` unlabelled questions, as the trainer does."""
    from transformers import AutoTokenizer

    from ttrl_verl.composition.recipe import compose_recipe
    from ttrl_verl.training.dataset import UnlabeledDataset

    file = folder / f"questions-{count}.jsonl"
    with file.open("w") as lines:
        lines.writelines(json.dumps({"prompt": f"what is {n} plus {n % 97}"}) + "\n" for n in range(count))
    config = compose_recipe("demo_cpu", [f"data.train_files=[{file}]", "actor_rollout_ref.model.path=none"])
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    before = _peak()
    started = time.perf_counter()
    rows = UnlabeledDataset([str(file)], tokenizer, config.data)
    seconds = time.perf_counter() - started
    assert len(rows) == count
    assert rows[count - 1]["reward_model"]["ground_truth"] is None
    return {"seconds": seconds, "gib": _peak() - before}


def graded(folder: Path, count: int) -> dict[str, float]:
    """Grade ``count`` mathematical responses in one of verl's reward workers."""
    import asyncio

    import numpy as np
    import torch
    from verl import DataProto
    from verl.experimental.reward_loop.reward_loop import RewardLoopWorker

    from ttrl_verl.composition.recipe import compose_recipe

    settings = [f"actor_rollout_ref.model.path={folder}/model", "ttrl.answer_type=math", "data.max_response_length=300"]
    worker = RewardLoopWorker(compose_recipe("demo_cpu", settings))
    words = list(worker.input_tokenizer.get_vocab().values())[7:]
    end = worker.input_tokenizer.eos_token_id
    chance = random.Random(0)
    data = [
        DataProto.from_single_dict(
            {
                "responses": torch.tensor([[*chance.choices(words, k=RESPONSE_TOKENS - 1), end]]),
                "prompt_len": np.array([20]),
                "response_len": np.array([RESPONSE_TOKENS]),
                "reward_model": np.array([{"style": "rule", "ground_truth": None}], dtype=object),
                "data_source": np.array(["scale"], dtype=object),
                "extra_info": np.array([{"index": 0, "origin": "scale:1"}], dtype=object),
            }
        )
        for _ in range(VOTES)
    ]

    async def grade() -> None:
        for _ in range(count // VOTES):
            await asyncio.gather(*(worker.compute_score(item) for item in data))

    worker.loop.run_until_complete(asyncio.gather(*(worker.compute_score(item) for item in data)))  # warm up
    before = _peak()
    started = time.perf_counter()
    worker.loop.run_until_complete(grade())
    return {"seconds": time.perf_counter() - started, "gib": _peak() - before}


def _fill(tq, prompts: int, tokens: int) -> None:
    """Put the graded responses to some prompts into TransferQueue, as the agent loop's workers leave them."""
    from verl.utils.tensordict_utils import list_of_dict_to_tensordict

    chance = random.Random(0)
    extra = {
        "truncated": 0.0,
        "limited": 0.0,
        "unparsed": 0.0,
        "length": tokens,
        "data_source": "scale",
    }
    for prompt in range(prompts):
        rows = [
            {
                "extra_fields": {"reward_extra_info": {"answer": str(chance.randrange(9)), **extra}},
                "reward_model": {"style": "rule", "ground_truth": None},
                "extra_info": {"index": prompt, "origin": f"scale:{prompt}"},
            }
            for _ in range(VOTES)
        ]
        tq.kv_batch_put(
            keys=[f"p{prompt}_{vote}_0" for vote in range(VOTES)],
            fields=list_of_dict_to_tensordict(rows),
            tags=[
                {"status": "success", "response_len": tokens, "global_steps": 1, "only_votes": vote >= KEPT}
                for vote in range(VOTES)
            ],
            partition_id="train",
        )
        tag = {"is_prompt": True, "status": "finished", "global_steps": 1}
        tq.kv_batch_put(keys=[f"p{prompt}"], partition_id="train", tags=[tag])


def voted(folder: Path, count: int, tokens: int = RESPONSE_TOKENS) -> dict[str, float]:
    """Let the group stage vote on ``count`` responses that wait in a real TransferQueue, and clear them after."""
    import ray
    import transfer_queue as tq

    from ttrl_verl.composition.recipe import compose_recipe
    from ttrl_verl.training.group_stage import build_group_stage

    os.environ["TRANSFER_QUEUE_ENABLE"] = "1"
    config = compose_recipe(
        "demo_cpu",
        [f"ttrl.votes={VOTES}", f"actor_rollout_ref.rollout.n={KEPT}", f"trainer.default_local_dir={folder}/{count}"],
    )
    ray.init(num_cpus=16, include_dashboard=False, log_to_driver=False)
    config.transfer_queue.enable = True
    tq.init(config.transfer_queue)
    sampler = config.trainer.v1.sampler
    stage = build_group_stage(
        trainer_mode="sync",
        trainer_config={},
        max_off_policy_threshold=sampler.max_off_policy_threshold,
        max_off_policy_strategy=sampler.max_off_policy_strategy,
        sampler_kwargs=sampler.sampler_kwargs,
        refill_fn=None,
    )
    prompts = count // VOTES
    _fill(tq, prompts, tokens)
    before = _peak()
    started = time.perf_counter()
    batch, metrics = stage.sample(global_steps=1, partition_id="train", batch_size=prompts)
    seconds = time.perf_counter() - started
    assert metrics["ttrl/votes"] == count
    assert len(batch.keys) == prompts * KEPT
    result = {"seconds": seconds, "group_stage": metrics["ttrl/group_stage_seconds"], "gib": _peak() - before}
    tq.kv_clear(keys=batch.keys, partition_id="train")
    tq.close()
    ray.shutdown()
    return result


MEASURED = {"questions": questions, "graded": graded, "voted": voted}


def _peak() -> float:
    """This process's peak memory, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Measure each part at growing sizes, in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("scale"))
    parser.add_argument("--prompts", type=int, default=1024, help="the largest batch, in prompts of 64 votes")
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--tokens", type=int, default=RESPONSE_TOKENS, help="of a response that is voted on")
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "COUNT", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        what, count, folder = arguments.one
        more = {"tokens": arguments.tokens} if what == "voted" else {}
        print(json.dumps(MEASURED[what](Path(folder), int(count), **more)))
        return
    responses = [arguments.prompts * VOTES // part for part in (64, 16, 4, 1)]
    sizes = {
        "questions": [arguments.questions // part for part in (100, 10, 1)],
        "graded": responses[:3],
        "voted": responses,
    }
    results: dict[str, list[dict]] = {}
    with tempfile.TemporaryDirectory() as name:
        import tiny_model

        tiny_model.build(Path(name) / "model")
        for what, counts in sizes.items():
            for count in counts:
                row = {"count": count, **_measure(what, count, name, arguments.tokens)}
                results.setdefault(what, []).append(row)
                print(
                    f"{what:9} {count:>9,}  {row['seconds']:8.2f} s  {row['seconds'] / count * 1e6:8.1f} µs each  "
                    f"{row['gib']:6.2f} GiB more at the peak",
                    flush=True,
                )
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "scale.json").write_text(json.dumps(results, indent=1))
    _draw(results, arguments.out / "scale.png")


def _measure(what: str, count: int, folder: str, tokens: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", what, str(count), folder, "--tokens", str(tokens)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{what} {count}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _draw(results: dict[str, list[dict]], picture: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, key, title in ((axes[0], "seconds", "seconds"), (axes[1], "gib", "GiB more at the peak")):
        for what, rows in results.items():
            axis.plot([row["count"] for row in rows], [row[key] for row in rows], marker="o", label=what)
        axis.set(xscale="log", yscale="log" if key == "seconds" else "linear", xlabel="how many", title=title)
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.3)
    axes[0].legend(frameon=False)
    figure.savefig(picture, dpi=130)


if __name__ == "__main__":
    main()
