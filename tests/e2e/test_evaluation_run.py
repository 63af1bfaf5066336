"""``ttrl-verl eval`` on the tiny model: one validation pass by the real verl and the real vLLM."""

import json
import subprocess
import sys

import pytest

from ttrl_verl.evaluation.figures import read_groups

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1500)]

N = 5


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, tiny_model):
    from conftest import RECIPE

    folder = tmp_path_factory.mktemp("eval")
    sets = {"adapted": [("what is 1 plus 2", "3"), ("what is 2 plus 2", "4"), ("what is 3 plus 1", "04")]}
    sets["test"] = [("what is 4 plus 4", "8.0"), ("what is 5 plus 0", "5")]
    for name, questions in sets.items():
        lines = [json.dumps({"prompt": prompt, "answer": answer}) + "\n" for prompt, answer in questions]
        (folder / f"{name}.jsonl").write_text("".join(lines))
    files = ["--data", folder / "adapted.jsonl", "--heldout", folder / "test.jsonl"]
    command = ["eval", tiny_model, *files, "--n", N, "--k", "1,2,5", "--recipe", RECIPE, "--out", folder / "out"]
    done = subprocess.run(
        [sys.executable, "-m", "ttrl_verl", *map(str, command)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out", done


def test_every_question_was_sampled_n_times_and_answered_greedily(evaluated):
    out, _ = evaluated
    groups = read_groups(out / "validation" / "0.jsonl")
    assert sorted(groups) == ["adapted", "adapted/greedy", "test", "test/greedy"]
    assert {source: [len(rows) for rows in groups[source].values()] for source in groups} == {
        "adapted": [N] * 3,
        "adapted/greedy": [1] * 3,
        "test": [N] * 2,
        "test/greedy": [1] * 2,
    }


def test_the_figures_are_those_of_the_dump(evaluated):
    out, done = evaluated
    written = json.loads((out / "eval.json").read_text())
    assert (written["format"], written["k"], written["answer_type"]) == (1, [1, 2, 5], "number")
    assert written["figures"]["adapted"]["role"] == "questions"
    assert written["figures"]["test"]["role"] == "heldout"
    for source, figures in written["figures"].items():
        questions = read_groups(out / "validation" / "0.jsonl")[source].values()
        accuracies = [sum(row["acc"] for row in rows) / N for rows in questions]
        assert figures["avg"]["value"] == pytest.approx(sum(accuracies) / len(accuracies))
        assert figures["pass_at"]["5"]["value"] == sum(accuracy > 0 for accuracy in accuracies) / len(accuracies)
        assert figures["samples"] == figures["fewest"] == N
    assert "test (2, held out)" in done.stdout


def test_nothing_was_trained(evaluated):
    out, _ = evaluated
    assert not list(out.glob("global_step_*"))
    assert [path.name for path in (out / "validation").iterdir()] == ["0.jsonl"]


def test_the_same_dump_read_again_says_the_same(evaluated):
    out, _ = evaluated
    again = ["eval", "--from", out / "validation" / "0.jsonl", "--answer-type", "number", "--k", "1,2,5", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "ttrl_verl", *map(str, again)], capture_output=True, text=True, check=True
    )
    figures = json.loads((out / "eval.json").read_text())["figures"]
    read = json.loads(done.stdout)["figures"]
    assert {s: f | {"role": None} for s, f in figures.items()} == read
