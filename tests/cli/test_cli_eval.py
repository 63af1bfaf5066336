"""``ttrl-verl eval``: what it checks and prints without a run of verl."""

import json
import sys
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ttrl_verl.cli import main
from ttrl_verl.composition.catalogue import recipe_names
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.eval_json import EvalResult
from ttrl_verl.evaluation.evaluate import evaluate
from ttrl_verl.evaluation.run import check_model, check_questions, eval_overrides, matched
from ttrl_verl.preflight.findings import check_config
from ttrl_verl.questions.read import Layout, read_questions
from ttrl_verl.record.layout import AUDIT_SCHEMA, audit_file
from ttrl_verl.record.read import open_run
from ttrl_verl.reward_fns.answers import get_answer_type


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["ttrl-verl", "eval", *map(str, arguments)])
        with pytest.raises(SystemExit) as status:
            main()
        captured = capsys.readouterr()
        return SimpleNamespace(returncode=status.value.code, stdout=captured.out, stderr=captured.err)

    return call


def rows(*answers, label="4", source="set", uid="a"):
    return [
        {"uid": f"{uid}_{i}_0", "answer": a, "gts": label, "data_source": source, "acc": float(a == label)}
        for i, a in enumerate(answers)
    ]


@pytest.fixture
def dump(write_jsonl, tmp_path):
    (tmp_path / "run" / "validation").mkdir(parents=True)
    return write_jsonl("run/validation/0.jsonl", [*rows("4", "4", "7", None), *rows("4", source="set/greedy")])


@pytest.fixture
def training(tmp_path, dump):
    """The folder of a run: two questions, 8 votes a visit, one visited twice; one response did not come."""
    folder = tmp_path / "run"
    config = {"ttrl": {"votes": 8, "answer_type": "number"}}
    (folder / "run.json").write_text(json.dumps({"format": 1, "config": config, "data": [], "attempts": []}))
    visits = [{"index": 0, "answers": ["4"] * 8}, {"index": 1, "answers": ["4"] * 7, "missing": 1}]
    for step, visited in ((1, visits), (2, visits[:1])):
        audit_file(folder, step).parent.mkdir(exist_ok=True)
        empty = dict.fromkeys(AUDIT_SCHEMA.names) | {"missing": 0}
        table = pa.Table.from_pylist([empty | {"step": step} | visit for visit in visited], schema=AUDIT_SCHEMA)
        pq.write_table(table, audit_file(folder, step))
    return folder


def test_a_dump_is_read_without_running_anything(run, dump, tmp_path):
    done = run("--from", dump, "--answer-type", "number", "--k", "1,2", "--out", tmp_path / "figures")
    assert done.returncode == 0
    assert "set (1)" in done.stdout
    # one question: 2 of 4 right; pairs with a right one: 1 - 1/6; greedy right; one of four without an answer
    assert "0.500" in done.stdout
    assert "0.833" in done.stdout
    written = json.loads((tmp_path / "figures" / "eval.json").read_text())
    assert written["format"] == 1
    assert written["k"] == [1, 2]
    figures = written["figures"]["set"]
    # What `report` reads for its baseline: samples, and maj as value and error.
    assert (figures["samples"], figures["maj"]) == (4, {"value": 1.0, "error": None})
    assert figures["pass_at"]["2"]["value"] == pytest.approx(5 / 6)
    assert figures["unparsed"] == 0.25
    printed = json.loads(run("--from", dump, "--answer-type", "number", "--k", "1,2", "--json").stdout)
    assert printed == written


@pytest.mark.slow
def test_the_answer_type_of_a_dump_is_its_runs(run, training, dump):
    assert json.loads(run("--from", dump, "--json").stdout)["answer_type"] == "number"
    recipe = run("--from", dump, "--recipe", "ttrl", "--json")
    assert json.loads(recipe.stdout)["answer_type"] == "math"


def test_missing_labels_are_said(write_jsonl, run):
    unlabelled = [{key: value for key, value in row.items() if key != "acc"} for row in rows("4", "4", label=None)]
    done = run("--from", write_jsonl("0.jsonl", unlabelled))
    assert done.returncode == 0
    assert "set: no question has a label, so no accuracy; the majority ratio is 1.000" in done.stdout
    some = run("--from", write_jsonl("1.jsonl", [*unlabelled, *rows("4", "4", uid="b")]), "--answer-type", "number")
    assert "set: accuracy is over the 1 of 2 with a label" in some.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected MODEL and --data FILE, or --from FILE"),
        (["MODEL"], "expected MODEL and --data FILE"),
        (["MODEL", "--from", "x.jsonl"], "--from reads what was measured; it goes without model"),
        (["--from", "gone.jsonl"], "gone.jsonl: cannot be read"),
        (["--from", "gone.jsonl", "--k", "1;2"], "--k is '1;2'; expected whole numbers"),
        (["--from", "gone.jsonl", "--k", "0,2"], "--k has 0"),
        (["--from", "gone.jsonl", "--answer-type", "maths"], "unknown answer type 'maths'"),
        (["--from", "gone.jsonl", "--answer-type", "math", "--choices", "4"], "--choices is for --answer-type choice"),
        (["M", "--data", "q.jsonl", "--n", "4", "--baseline-votes", "8"], "expected one of them"),
        (["M", "--data", "q.jsonl", "--n", "4", "--k", "8"], "--k has 8; expected 1 to n, 4"),
        pytest.param(["M", "--data", "gone.jsonl"], "gone.jsonl: no such file", marks=pytest.mark.slow),  # behind Hydra
        (["M", "--data", "q.jsonl", "--match", "gone"], "gone: holds no run"),
        pytest.param(
            ["M", "--data", "q.jsonl", "--recipe", "trtl"],
            "no recipe 'trtl'; did you mean ttrl?",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_bad_input_is_one_line(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.jsonl").write_text('{"prompt": "what is 1", "answer": 1}\n')
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


def test_questions_without_labels_or_with_one_name_are_refused(write_jsonl, tmp_path):
    def read(path):
        return read_questions(path, Layout())

    mine = write_jsonl("mine.jsonl", [{"prompt": "p", "answer": "1"}])
    with pytest.raises(InputError, match=r"bare\.jsonl: has no label on any row"):
        check_questions(write_jsonl("bare.jsonl", [{"prompt": "p"}]), None, read)
    (tmp_path / "other").mkdir()
    same = write_jsonl("other/mine.jsonl", [{"prompt": "q", "answer": "1"}])
    with pytest.raises(InputError, match="both have the data source mine"):
        check_questions(mine, same, read)
    test = write_jsonl("test.jsonl", [{"prompt": "q", "answer": "1"}])
    assert check_questions(mine, test, read) == {"mine": "questions", "test": "heldout"}


def test_a_model_is_a_hub_id_or_a_folder_that_holds_one(tmp_path, training):
    assert check_model("Qwen/Qwen2.5-Math-1.5B") == "Qwen/Qwen2.5-Math-1.5B"
    model = tmp_path / "model"
    model.mkdir()
    with pytest.raises(InputError, match=r"has no config\.json"):
        check_model(str(model))
    (model / "config.json").write_text("{}")
    assert check_model(str(model)) == str(model)
    shards = training / "global_step_2" / "actor"
    shards.mkdir(parents=True)
    with pytest.raises(InputError, match=r"is a run; export a checkpoint first.*its checkpoints are global_step_2"):
        check_model(str(training))
    (shards / "model_world_size_1_rank_0.pt").write_bytes(b"")
    with pytest.raises(InputError, match=r"holds verl's shards; export them first: `ttrl-verl export"):
        check_model(str(training / "global_step_2"))


def test_the_baseline_draws_what_training_drew(training):
    # 3 visits x 8 votes = 24 responses asked for, of 2 questions
    spent = matched(open_run(training))
    assert (spent.responses, spent.questions, spent.visits, spent.n) == (24, 2, 1.5, 12)


def test_a_run_without_votes_on_record_matches_nothing(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"format": 1, "config": {}, "data": [], "attempts": []}))
    with pytest.raises(InputError, match="has no votes on record"):
        matched(open_run(tmp_path))


def test_what_a_source_is_called_does_not_act_on_the_terminal(run, write_jsonl):
    name = "red \x1b[31m[/b]\ud83d"
    done = run("--from", write_jsonl("0.jsonl", rows("4", "7", source=name)), "--answer-type", "number")
    assert done.returncode == 0
    assert r"red \x1b[31m[/b]\ud83d (1)" in done.stdout
    done = run("--from", write_jsonl("0.jsonl", rows("4", label=None, source=name)), "--answer-type", "number")
    assert r"red \x1b[31m[/b]\ud83d: no question has a label" in done.stdout


def test_untrained_and_trained_stand_side_by_side(dump, training, write_jsonl, capsys):
    from rich.console import Console

    number = get_answer_type("number")
    before = evaluate(dump, number)
    after = evaluate(write_jsonl("9.jsonl", [*rows("4", "4", "4", "4"), *rows("4", source="set/greedy")]), number)
    report = EvalResult(
        "MODEL", dump, ["x"], "number", before, {"set": "questions"}, matched(open_run(training)), (9, after)
    )
    Console(width=200).print(report.table())
    printed = capsys.readouterr().out
    assert printed.index("untrained") < printed.index("step 9")
    assert any(note.startswith("set: compute-matched: the untrained model's maj@4 is 1.000") for note in report.notes())
    assert report.as_json()["after"]["figures"]["set"]["avg"]["value"] == 1.0
    assert report.as_json()["matched"]["n"] == 12


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipe_names())
@pytest.mark.parametrize("platform", ["", "cpu"])
def test_every_recipe_validates_once_and_ends(recipe, platform, tmp_path, monkeypatch):
    monkeypatch.setenv("VERL_PLATFORM", platform)
    out = tmp_path / "it's {here}"
    settings = eval_overrides(
        recipe,
        model="MODEL",
        data=tmp_path / "q, [1].jsonl",
        heldout=tmp_path / "h.jsonl",
        out=out,
        n=24,
        greedy=True,
        answer_type={"answer_type": "choice", "choices": ["North America", "Asia"]},
        overrides=["actor_rollout_ref.rollout.val_kwargs.temperature=0.7"],
    )
    composed = compose_run(recipe, settings)
    check_config(composed)
    config, ttrl = composed.config, composed.ttrl
    assert (ttrl.val_samples, ttrl.val_greedy, ttrl.choices) == (24, True, ["North America", "Asia"])
    assert (config.trainer.val_only, config.trainer.val_before_train, config.trainer.save_freq) == (True, True, -1)
    assert config.trainer.validation_data_dir == str(out / "validation")
    assert list(config.data.val_files) == [str(tmp_path / "q, [1].jsonl"), str(tmp_path / "h.jsonl")]
    assert config.actor_rollout_ref.rollout.val_kwargs.temperature == 0.7
    if platform == "cpu":
        assert (config.trainer.device, config.trainer.n_gpus_per_node) == ("cpu", 1)
    # verl's own arithmetic: responses of a batch divide among the devices
    devices = config.trainer.n_gpus_per_node * config.trainer.nnodes
    assert config.data.train_batch_size * config.actor_rollout_ref.rollout.n % devices == 0
