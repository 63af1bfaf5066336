"""``ttrl-verl answer`` and ``vote`` before anything is started: what they would run, and what they refuse."""

import json
import shlex

import pytest
from click.testing import CliRunner
from run_folder import make_run

from ttrl_verl.answering import run, vote, votes
from ttrl_verl.cli import cli
from ttrl_verl.record.manifest import Manifest, jsonable

pytestmark = pytest.mark.slow  # each composes a recipe


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch):
    """A check that misses what it is tested for fails here, and not in a run of minutes."""
    for module in (run, vote):
        monkeypatch.setattr(module, "start_logged", None)


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


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_answers_that_are_there_are_not_overwritten(asked, tmp_path, dry):
    (tmp_path / "a.jsonl").write_text("mine\n")
    assert "a.jsonl: is there already" in str(asked(*dry).exception)
    assert (tmp_path / "a.jsonl").read_text() == "mine\n"


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize("out", ["q.jsonl/a.jsonl", "a.run"])
def test_answers_that_could_not_be_written_are_refused_before_the_run(asked, tmp_path, out, dry):
    assert f"{tmp_path / out}: " in str(asked("--out", str(tmp_path / out), *dry).exception)
    assert [path.name for path in tmp_path.iterdir()] == ["q.jsonl"]


def response(origin: str, answer: str) -> dict:
    return {"uid": f"{origin[-1]}_0_0", "data_source": "q", "answer": answer, "gts": None, "origin": origin}


def test_typed_again_after_the_last_votes_it_reads_each_dump_once(asked, tmp_path, monkeypatch):
    """Only the answers were not written; a dump holds every response, and may be gigabytes."""
    origins = [f"{tmp_path}/q.jsonl:{n}" for n in (1, 2, 3)]
    dumps = {step: [response(origin, answer) for origin in origins] for step, answer in ((0, "4"), (2, "5"))}
    make_run(tmp_path / "a.run", validation=dumps)
    opened = []
    read = votes.read_groups
    monkeypatch.setattr(votes, "read_groups", lambda path: opened.append(path.name) or read(path))
    done = asked("--n", "1", "--steps", "2", "--answer-type", "text")
    assert done.exit_code == 0, done.output
    assert sorted(opened) == ["0.jsonl", "2.jsonl"]
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [(line["answer_before"], line["answer"]) for line in lines] == [("4", "5")] * 3


@pytest.fixture
def voted(write_jsonl, tiny_model, tmp_path):
    """Ask for votes on three questions; what was printed and the exit status."""
    write_jsonl("q.jsonl", [{"prompt": f"what is {n} plus 1"} for n in range(3)])

    def ask(*arguments: str):
        command = ["vote", str(tmp_path / "q.jsonl"), "--model", str(tiny_model), *arguments]
        settings = ["data.max_prompt_length=32", "data.max_response_length=8"]
        return CliRunner().invoke(cli, [*command, *settings], prog_name="ttrl-verl")

    return ask


def test_votes_are_checked_and_their_command_printed_and_nothing_is_started(voted, tmp_path):
    done = voted("--out", str(tmp_path / "new" / "v.parquet"), "--n", "5", "--dry-run")
    assert done.exit_code == 0, done.output
    found = settings(done.output)
    assert done.output.split()[1:3] == ["-m", "verl.trainer.main_ppo"]
    assert found["actor_rollout_ref.rollout.val_kwargs.n"] == "5"
    assert found["trainer.val_only"] == "true"
    assert found["trainer.default_local_dir"] == str(tmp_path / "new" / "v.run")
    assert [path.name for path in tmp_path.iterdir()] == ["q.jsonl"]


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "v.jsonl"], "v.jsonl: expected a name that ends in .parquet (--out)"),
        (["--out", "q.jsonl/v.parquet"], "q.jsonl/v.parquet: cannot be written: Not a directory"),
        (["--out", "v.parquet", "--recipe", "trtl"], "no recipe 'trtl'; did you mean ttrl?"),
        (["--out", "v.parquet", "data.shuffle=1"], "data.shuffle is 1; expected true or false"),
    ],
)
def test_votes_that_could_not_be_written_or_drawn_are_refused(voted, tmp_path, monkeypatch, arguments, said, dry):
    monkeypatch.chdir(tmp_path)
    done = voted(*arguments, *dry)
    assert done.exit_code != 0
    assert said in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["q.jsonl"]


def test_votes_of_another_model_or_another_number_are_not_taken_for_these(write_jsonl, tmp_path):
    questions = write_jsonl("q.jsonl", [{"prompt": "a"}, {"prompt": "b"}])
    origins = ["q.jsonl:1", "q.jsonl:2"]
    wanted = vote.Wanted(questions, "org/mine", tmp_path / "v.parquet", n=1)
    composed = vote.plan(wanted)
    make_run(wanted.folder, validation={0: [response(origin, "4") for origin in origins]}, attempts=[])
    assert vote.votes_there(wanted.folder, composed, origins) is None  # of another run
    Manifest(config=jsonable(composed.values)).write(wanted.folder)
    found = vote.votes_there(wanted.folder, composed, origins)
    assert [found[origin].answers for origin in origins] == [("4",), ("4",)]
    for other in (
        vote.Wanted(questions, "org/another", wanted.out, n=1),
        vote.Wanted(questions, "org/mine", wanted.out, n=2),
        vote.Wanted(questions, "org/mine", wanted.out, n=1, answer_type={"answer_type": "text"}),
    ):
        assert vote.votes_there(wanted.folder, vote.plan(other), origins) is None
    assert vote.votes_there(wanted.folder, composed, [*origins, "q.jsonl:3"]) is None
