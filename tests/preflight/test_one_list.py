"""Each bad run is given to every command that would start verl, and to ``check``: each says the same. Each file is read
once, and a recipe is composed and translated once."""

import json
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from PIL import Image

from ttrl_verl.cli import main

pytestmark = pytest.mark.slow

LABELLED = [{"prompt": f"what is {n} plus 1", "answer": str(n + 1)} for n in range(24)]
HALF_LABELLED = [{**row, "answer": None} if n % 2 else row for n, row in enumerate(LABELLED)]
PICTURED = [{"prompt": "<image>\nwhat is it", "picture": "a.png", "answer": "1"}] * 24


def commands(model, file, folder, overrides):
    """The command lines that would run demo_cpu with this model, these questions and this folder."""
    run = ["demo_cpu", f"model={model}", f"data={file}", f"out={folder}", *overrides]
    return {
        "train": ["train", *run],
        "check": ["check", "--fast", *run],
        "eval": ["eval", "--recipe", "demo_cpu", str(model), "--data", str(file), "--out", str(folder), *overrides],
        "demo": ["demo", "--model", str(model), "--questions", str(file), "--out", str(folder), *overrides],
    }


COMMANDS = tuple(commands("", "", "", ()))


@pytest.fixture
def say(monkeypatch, capsys, tmp_path):
    """Run a command line in this process, verl left out; what it said and its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ttrl_verl.launch.run", lambda *_, **__: 7)

    def call(arguments):
        monkeypatch.setattr(sys, "argv", ["ttrl-verl", *arguments])
        with pytest.raises(SystemExit) as status:
            main()
        printed = capsys.readouterr()
        return SimpleNamespace(status=status.value.code, out=printed.out, err=printed.err)

    return call


@pytest.fixture
def files(tmp_path, write_jsonl):
    Image.new("RGB", (56, 56)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    few = [write_jsonl(f"few{n}.jsonl", LABELLED[:n]) for n in (3, 4)]
    return SimpleNamespace(
        good=write_jsonl("good.jsonl", LABELLED),
        half=write_jsonl("half.jsonl", HALF_LABELLED),
        few=f"data.train_files=[{few[0]},{few[1]}]",
        pictured=write_jsonl("pictured.jsonl", PICTURED),
        torn=write_jsonl("torn.jsonl", [{**PICTURED[0], "picture": "b.png"}] * 24),
    )


MINI = "actor_rollout_ref.actor.ppo_mini_batch_size=8"
# The questions, the overrides, and what each command says.
BAD = {
    "a value of another kind": ("good", ["trainer.save_freq=often"], "trainer.save_freq is 'often'; expected a number"),
    "the section": ("good", ["ttrl.votes=0"], "ttrl.votes is 0; input should be greater than or equal to 1"),
    "fewer votes than kept": ("good", ["ttrl.votes=4", "kept=8"], "ttrl.votes is 4; expected at least"),
    "batches": ("good", ["tp=3"], "tensor_model_parallel_size is 3; expected a divisor of the 1 GPUs"),
    "several files": ("good", ["few", "batch=8", MINI], "7 questions; expected at least data.train_batch_size, 8"),
    "rows of one file": ("good", ["batch=25"], "24 questions; expected at least data.train_batch_size, 25"),
    "labels of the oracle": (
        "half",
        ["reward=oracle", "ttrl.allow_labels=true"],
        "half.jsonl:2: has no label; the reward oracle needs one on every row",
    ),
    "a missing column": ("good", ["data.prompt_key=question"], "good.jsonl:1: has no column 'question'"),
    "a long prompt": ("good", ["data.max_prompt_length=4"], "tokens; expected at most 4 (data.max_prompt_length"),
    "another image column": ("pictured", ["data.image_key=picture"], "has no image processor; the questions have"),
    "an image that is torn": ("torn", ["data.image_key=picture"], "b.png: is no image"),
    "a model that is not there": ("good", ["actor_rollout_ref.model.path=/gone/away"], "/gone/away: no such folder"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", BAD)
def test_each_bad_run_is_told_by_every_command_alike(say, files, tiny_model, tmp_path, name, command):
    questions, overrides, message = BAD[name]
    overrides = [files.few if word == "few" else word for word in overrides]
    fits = ["data.train_batch_size=24"] if name == "batches" else []
    line = commands(tiny_model, getattr(files, questions), tmp_path / "run", [*fits, *overrides])[command]
    done = say(line)
    if command == "check":
        assert done.status in (1, 2)
        assert any(message in row for row in (done.out + done.err).splitlines() if row.startswith(("WRONG", "ttrl")))
    else:
        assert done.status == 2
        assert message in done.err
        assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_holds_a_run_is_told_by_every_command_alike(say, files, tiny_model, tmp_path, command):
    run = tmp_path / "run"
    run.mkdir()
    attempt = {"attempt": 1, "first_step": 1}
    config = {"ttrl": {"votes": 16, "answer_type": "choice"}, "trainer": {}}
    (run / "run.json").write_text(json.dumps({"format": 1, "config": config, "data": [], "attempts": [attempt]}))
    done = say(commands(tiny_model, files.good, run, [])[command])
    assert done.status == (1 if command == "check" else 2)
    assert f"{run}: holds a run already" in done.out + done.err


@pytest.mark.parametrize("name", ["a value of another kind", "the section", "fewer votes than kept", "batches"])
def test_a_dry_run_says_what_the_configuration_says(say, name):
    _, overrides, message = BAD[name]
    done = say(["train", "demo_cpu", "--dry-run", *overrides])
    assert (done.status, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_good_run_is_composed_translated_and_read_once(say, files, tiny_model, tmp_path, monkeypatch, command):
    counted = Counter()

    def count(target, name):
        module, _, function = target.rpartition(".")
        real = getattr(sys.modules[module], function)

        def counting(*args, **kwargs):
            counted[name if name != "read" else f"read {args[0].name}"] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(target, counting)

    import ttrl_verl.composition.recipe
    import ttrl_verl.launch
    import ttrl_verl.questions.read  # noqa: F401

    count("ttrl_verl.composition.recipe._hydra", "composed")
    count("ttrl_verl.composition.recipe.translate", "translated")
    count("ttrl_verl.launch.translate", "translated")
    count("ttrl_verl.composition.recipe.plain", "resolved")
    count("ttrl_verl.questions.read.file_rows", "read")
    done = say(commands(tiny_model, files.good, tmp_path / "run", [])[command])
    assert done.status == {"train": 7, "check": 0, "eval": 1, "demo": 1}[command], done
    assert counted == {"composed": 1, "translated": 1, "resolved": 1, "read good.jsonl": 1}
