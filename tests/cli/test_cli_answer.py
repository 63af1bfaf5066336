"""``ttrl-verl answer`` and ``vote`` before anything is started: what they would run, and what they refuse."""

import shlex

import pytest
from click.testing import CliRunner

from ttrl_verl.cli import cli

pytestmark = pytest.mark.slow  # each composes a recipe


@pytest.fixture
def asked(write_jsonl, tiny_model, tmp_path):
    """Ask the command line, on three questions; what it printed and its exit status."""
    write_jsonl("q.jsonl", [{"prompt": f"what is {n} plus 1"} for n in range(3)])

    def ask(*arguments: str):
        out = [] if "--out" in arguments else ["--out", str(tmp_path / "a.jsonl")]
        model = [] if "--model" in arguments else ["--model", str(tiny_model)]
        settings = ["data.max_prompt_length=32", "data.max_response_length=8"]
        command = ["answer", str(tmp_path / "q.jsonl"), *model, *out, "--recipe", "answer_cpu", *arguments, *settings]
        return CliRunner().invoke(cli, command, prog_name="ttrl-verl")

    return ask


def settings(output: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(output) if "=" in word)


def test_the_run_fits_the_questions(asked, tmp_path):
    found = settings(asked("--dry-run", "--n", "5", "--steps", "7").output)
    assert found["data.train_batch_size"] == "3"
    assert found["actor_rollout_ref.rollout.val_kwargs.n"] == "5"
    assert found["trainer.total_training_steps"] == found["trainer.test_freq"] == "7"
    assert found["trainer.save_freq"] == "3"  # of seven steps, at 3, 6 and the last
    assert found["trainer.default_local_dir"] == str(tmp_path / "a.run")
    assert found["trainer.resume_mode"] == "auto"


def test_a_stream_goes_once_through_the_questions_in_their_order(asked):
    found = settings(asked("--dry-run", "--stream", "2").output)
    assert found["data.train_batch_size"] == "2"
    assert found["trainer.total_training_steps"] == "2"  # 2 and 1 of three
    assert found["data.shuffle"] == "false"
    assert found["trainer.test_freq"] == "-1"


def test_an_answer_type_of_the_command_line_wins(asked):
    found = settings(asked("--dry-run", "--answer-type", "choice", "--choices", "yes,no").output)
    assert found["ttrl.answer_type"] == "choice"
    assert found["ttrl.choices"] == "[yes,no]"


def test_no_run_ends_before_its_last_votes(asked, tmp_path):
    # verl takes 3 // 2 = 1 step an epoch: 2 epochs are 2 steps, and 5 steps are 5 epochs.
    recipe = "defaults: [answer_cpu, _self_]\ndata: {train_batch_size: 2}\n"
    recipe += "actor_rollout_ref: {actor: {ppo_mini_batch_size: 2}}\n"
    own = tmp_path / "own.yaml"
    own.write_text(f"{recipe}trainer: {{total_training_steps: null, total_epochs: 2}}\n")
    found = settings(asked("--dry-run", "--recipe", str(own)).output)
    assert (found["trainer.total_training_steps"], found["trainer.total_epochs"]) == ("2", "2")
    found = settings(asked("--dry-run", "--recipe", str(own), "--steps", "5").output)
    assert (found["trainer.total_training_steps"], found["trainer.total_epochs"]) == ("5", "5")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hold", "gone.jsonl"], "gone.jsonl: no such file"),
        (["--budget", "soon"], "--budget is 'soon'; expected a number with s, m or h, such as 30m"),
        (["--stream", "2", "--steps", "3"], "--stream answers with the votes of training"),
        (["--answer-type", "maths"], "maths"),
        (["--model", "/no/such/model"], "/no/such/model"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_started(asked, tmp_path, arguments, said):
    done = asked(*arguments)
    assert done.exit_code != 0
    assert said in str(done.exception or done.output)
    assert not (tmp_path / "a.run").exists()


def test_answers_that_are_there_are_not_overwritten(asked, tmp_path):
    (tmp_path / "a.jsonl").write_text("mine\n")
    assert "a.jsonl: is there already" in str(asked().exception)
    assert (tmp_path / "a.jsonl").read_text() == "mine\n"
