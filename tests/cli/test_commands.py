"""The command line as a person types it."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from ttrl_verl.cli import COMMANDS, main
from ttrl_verl.composition.catalogue import recipe_names
from ttrl_verl.composition.overrides import SHORT_NAMES

pytestmark = pytest.mark.slow  # each command composes a recipe


@pytest.fixture
def ttrl_verl(monkeypatch, capsys):
    """Run the command line in this process: its exit status and what it printed."""

    def call(*arguments: str) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["ttrl-verl", *arguments])
        with pytest.raises(SystemExit) as status:
            main()
        captured = capsys.readouterr()
        return SimpleNamespace(returncode=status.value.code, stdout=captured.out, stderr=captured.err)

    return call


def test_it_is_a_program():
    command = [sys.executable, "-m", "ttrl_verl", "recipes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "demo_cpu" in done.stdout


@pytest.fixture
def questions(write_jsonl) -> Path:
    return write_jsonl("questions.jsonl", [{"prompt": f"what is {n}", "answer": n} for n in range(24)])


def one_line(done: SimpleNamespace, message: str) -> None:
    """Bad input: exit status 2 and one line on standard error."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert message in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(ttrl_verl, command):
    done = ttrl_verl(command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert f"ttrl-verl {command}" in done.stdout


@pytest.mark.parametrize("command", ["recipes", "--version", "show demo_cpu", "score --reward majority_vote {groups}"])
def test_a_full_disk_under_the_output_is_one_line(tmp_path, command):
    (tmp_path / "groups.jsonl").write_text('{"responses": ["\\\\boxed{4}"]}\n')
    words = command.format(groups=tmp_path / "groups.jsonl").split()
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ttrl_verl", *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 2
    assert done.stderr.endswith("No space left on device\n")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["recipes", "score --reward majority_vote {groups}"])
def test_a_closed_output_is_no_traceback(tmp_path, command):
    (tmp_path / "groups.jsonl").write_text('{"responses": ["\\\\boxed{4}"]}\n')
    words = shlex.join([sys.executable, "-m", "ttrl_verl", *command.format(groups=tmp_path / "groups.jsonl").split()])
    done = subprocess.run(f"{words} >&-", shell=True, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_file_says_does_not_act_on_the_terminal(ttrl_verl, tmp_path):
    (tmp_path / "mine.yaml").write_text('defaults: [ppo_trainer, base/ttrl, _self_]\nttrl: {"vo\\e[31mtes": 2}\n')
    one_line(
        ttrl_verl("train", str(tmp_path / "mine.yaml"), "--dry-run"), r"ttrl.vo\x1b[31mtes is no key of this section"
    )


def test_what_a_question_says_does_not_act_on_the_terminal(ttrl_verl, tmp_path, tiny_model):
    (tmp_path / "q.jsonl").write_text('{"pro\\u001b[31mmpt": "a"}\n')
    done = ttrl_verl("check", "demo_cpu", f"data={tmp_path / 'q.jsonl'}", "--fast")
    assert r"its columns are pro\x1b[31mmpt" in done.stdout
    (tmp_path / "q.jsonl").write_text('{"prompt": "what is\\n\\u001b[31m"}\n')
    done = ttrl_verl("show", "demo_cpu", f"data={tmp_path / 'q.jsonl'}", f"model={tiny_model}", "--prompt")
    assert "what is\n�[31m" in done.stdout


def test_the_recipes_are_listed(ttrl_verl):
    assert "demo_cpu" in ttrl_verl("recipes").stdout


def test_show_prints_a_section(ttrl_verl):
    done = ttrl_verl("show", "demo_cpu", "ttrl.votes=32", "--section", "ttrl")
    assert "votes: 32" in done.stdout.splitlines()


def test_dry_run_prints_the_command_and_the_configuration(ttrl_verl):
    done = ttrl_verl("train", "demo_cpu", "trainer.nnodes=2", "--dry-run")
    assert done.stdout.startswith("# ")
    assert "verl.trainer.main_ppo" in done.stdout.splitlines()[0]
    assert "  nnodes: 2" in done.stdout.splitlines()


# Whatever the recipe is tuned to.
NUMBERS = (
    "ttrl.votes=16",
    "actor_rollout_ref.rollout.n=8",
    "data.train_batch_size=8",
    "actor_rollout_ref.actor.ppo_mini_batch_size=8",
)


def settings(questions: Path, *more: str) -> Sequence[str]:
    files = [f"data.train_files=[{questions}]", f"data.val_files=[{questions}]"]
    return ["train", "demo_cpu", "actor_rollout_ref.model.path=/nowhere", *files, *NUMBERS, *more]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+ttrl.vots=3", "ttrl.vots is no key of this section; did you mean ttrl.votes?"),
        ("ttrl.vots=3", "ttrl.vots is no key of this section; did you mean ttrl.votes?"),
        ("vots=3", "vots is no key of verl's configuration; did you mean votes?"),
        ("gpus=7", "a step trains on 8 x 8 responses; expected a multiple of the 7 GPUs"),
        ("nodes=two", "trainer.nnodes is 'two'; expected a number"),
        ("estimator=pp", "estimator=pp: no such part; did you mean ppo?"),
        ("ttrl.votes=4", "ttrl.votes is 4; expected at least actor_rollout_ref.rollout.n, the 8 responses kept"),
        ("reward.reward_manager.name=majority", "unknown reward 'majority'; expected one of"),
        ("data.train_files=[gone.jsonl]", "gone.jsonl: no such file"),
        ("data.prompt_key=question", "questions.jsonl:1: has no column 'question' (data.prompt_key)"),
        ("data.train_batch_size=64", "has 24 questions; expected at least data.train_batch_size, 64"),
        ("data.max_prompt_length=128", "/nowhere: no such folder (actor_rollout_ref.model.path)"),
    ],
)
def test_bad_settings_stop_before_anything_is_started(ttrl_verl, questions, override, message):
    one_line(ttrl_verl(*settings(questions, override)), message)


def test_short_names_are_the_commands_keys(ttrl_verl):
    done = ttrl_verl("train", "aime24", "model=qwen2.5-math-7b", "data=q.jsonl", "votes=96", "--dry-run")
    command = shlex.split(done.stdout.splitlines()[0])
    at = command.index("model=qwen2.5-math-7b")
    assert command[at : at + 2] == ["model=qwen2.5-math-7b", "ttrl.votes=96"]
    told = [word for word in command if word.startswith("data.train_files=")]
    assert told == [f"data.train_files=[{Path('q.jsonl').absolute()}]"]
    assert command[command.index("--config-name") + 1] == "ttrl_aime24"
    assert "    path: Qwen/Qwen2.5-Math-7B" in done.stdout.splitlines()


def test_a_benchmark_that_is_not_prepared_is_told_how(ttrl_verl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one_line(ttrl_verl("train", "aime24"), "data/aime24.parquet: no such file; `ttrl-verl prepare aime24` writes it")


def test_the_recipes_are_read_by_a_script(ttrl_verl):
    listed = {row["recipe"]: row for row in json.loads(ttrl_verl("recipes", "--json").stdout)}
    assert listed["ttrl_aime24"]["task"] == "AIME 2024, 30 questions"
    assert listed["ttrl_aime24"]["gpus"] == "8 x 80 GB"
    assert listed["demo_cpu"]["verified"].startswith("ran end to end on two CPU cores")
    parts = {row["part"] for row in json.loads(ttrl_verl("recipes", "--parts", "--json").stdout)}
    assert {"estimator=ppo", "model=qwen2.5-math-7b", "dataset=dtd"} <= parts


def test_show_prints_json(ttrl_verl):
    done = ttrl_verl("show", "aime24", "--section", "ttrl", "--json")
    assert json.loads(done.stdout)["val_samples"] == 16


def test_check_is_read_by_a_script(ttrl_verl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = json.loads(ttrl_verl("check", "aime24", "--fast", "--json").stdout)
    assert {check["what"] for check in found["checks"]["aime24"]} >= {"recipe", "batches", "data", "memory"}
    assert {check["what"] for check in found["checks"]["installation"]} >= {"python", "verl"}


def test_every_recipe_is_checked_in_one_process(ttrl_verl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = json.loads(ttrl_verl("check", "all", "--fast", "--json").stdout)
    assert set(found["checks"]) == {*recipe_names(), "installation"}


def test_check_has_exit_status_1_where_something_is_wrong(ttrl_verl):
    done = ttrl_verl("check", "demo_cpu", *NUMBERS, "gpus=7", "--fast")
    assert done.returncode == 1
    assert "WRONG batches       a step trains on 8 x 8 responses" in done.stdout


def test_the_tables_of_train_name_every_short_name(ttrl_verl):
    printed = ttrl_verl("train", "--help").stdout
    for name, key in SHORT_NAMES.items():
        assert f"{name} " in printed
        assert key in printed


def test_settings_that_are_missing_are_named(ttrl_verl, questions):
    one_line(ttrl_verl("train", "demo_cpu"), "data.train_files is not set")
    one_line(ttrl_verl("train", "demo_cpu", f"data={questions}"), "actor_rollout_ref.model.path is not set")


def test_a_prompt_that_is_too_long_is_named_before_anything_is_started(ttrl_verl, questions, tiny_model):
    override = ["data.max_prompt_length=5", f"actor_rollout_ref.model.path={tiny_model}"]
    one_line(
        ttrl_verl(*settings(questions, *override)), "questions.jsonl:1: the prompt has 8 tokens; expected at most 5"
    )


def test_an_unknown_command_or_option_is_one_line(ttrl_verl):
    one_line(ttrl_verl("trian"), "No such command 'trian'")
    one_line(ttrl_verl("recipes", "--al"), "No such option")


def test_the_demo_refuses_a_folder_that_holds_a_run(ttrl_verl, tmp_path):
    (tmp_path / "run.json").write_text("{}")
    done = ttrl_verl("demo", "--model", "/nowhere", "--out", str(tmp_path))
    one_line(done, "holds a run already")


@pytest.mark.parametrize("arguments", [["--task", "continent"], ["--heldout", "x.jsonl"], ["--reward", "majority"]])
def test_the_demo_refuses_what_it_does_not_know(ttrl_verl, arguments, tmp_path):
    one_line(ttrl_verl("demo", "--out", str(tmp_path / "run"), *arguments), "")
    assert not (tmp_path / "run").exists()
