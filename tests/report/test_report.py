"""The report as it is written: the page, the text, the comparison, and runs that are not as they should be."""

import re
import sys
import time
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from run_folder import answers_to, attempt, make_run, visit

from ttrl_verl.cli import main
from ttrl_verl.errors import InputError
from ttrl_verl.report.text import sparkline
from ttrl_verl.report.write import write_report

SCRIPT = "<script>alert(1)</script>"


class Page(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def healthy(folder, **fields):
    """Two questions, one learnt and one solved, with validation before and after; one source held out."""
    steps = {
        1: [visit(0, list("bba"), "a"), visit(1, list("ccc"), "c")],
        2: [visit(0, list("baa"), "a"), visit(1, list("ccc"), "c")],
        3: [visit(0, list("aaa"), "a"), visit(1, list("ccc"), "c")],
    }
    validation = {
        0: answers_to(0, ["a", "b"], "a") + answers_to(1, ["b", None], "a") + answers_to(0, ["c"], "a", source="other"),
        3: answers_to(0, ["a", "a"], "a") + answers_to(1, ["a", "a"], "a") + answers_to(0, ["a"], "a", source="other"),
    }
    return make_run(folder, **({"steps": steps, "validation": validation, "saved": (2, 3)} | fields))


def written(folder, **options):
    report = write_report(folder, **options)
    html = report.page.read_text(encoding="utf-8")
    return Page(html), html, report.text.read_text(encoding="utf-8")


def test_the_page_and_the_text_say_what_came_of_the_run(tmp_path):
    page, _, text = written(healthy(tmp_path / "run"))
    # avg@2 of two questions: (1/2 + 0) / 2 = 0.25 before, 1 after. The noise: sd 0.354 / sqrt 2 = 0.25.
    for shown in (" ".join(page.text.split()), " ".join(text.split())):
        assert "on questions (adapted to, avg@2) rose from 0.250 to 1.000" in shown
        assert "on other (held out, avg@1) rose from 0.000 to 1.000" in shown
        assert "No label reached a reward." in shown
        assert "0.250 ± 0.250" in shown
        assert "Choosing by labels is not test-time RL" in shown
        assert "verl.trainer.main_ppo 'data.train_files=['" in shown
        assert "ab" * 32 in shown
        assert "verl 0.9.1" in shown
        assert "Learnt: the first visit's pseudo-label was wrong, the last one's is right" in shown
    assert "already solved 1, learnt 1, lost 0, never solved 0" in text
    assert "best without labels: step 3" in text


def test_the_page_asks_for_nothing_and_runs_nothing(tmp_path):
    page, html, _ = written(healthy(tmp_path / "run", metrics={1: {"ttrl/majority_ratio": 0.5}}))
    names = {name for name, _ in page.attributes}
    assert not names & {"src", "href", "srcset", "action", "data", "poster"}
    assert not any(name.startswith("on") for name in names)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not re.search(r"url\(|@import|https?://", html)
    assert "default-src 'none'" in html
    assert "width=device-width" in html


def test_everything_from_the_run_is_escaped(tmp_path):
    name = 'run<img src=x onerror="alert(1)">'
    answers = [SCRIPT, SCRIPT, '"><svg onload=alert(1)>', None]
    hostile = {"question": f"{SCRIPT} \x1b[31m\u202e {{{{ 7 * 7 }}}}", "origin": SCRIPT, "data_source": SCRIPT}
    alarm = {
        "step": 1,
        "attempt": 1,
        "alarm": SCRIPT,
        "value": SCRIPT,
        "threshold": None,
        "message": "</style>" + SCRIPT,
    }
    run = make_run(
        tmp_path / name.replace("/", ""),
        steps={step: [visit(0, answers, SCRIPT, **hostile)] for step in (1, 2)},
        validation={step: answers_to(0, [SCRIPT], SCRIPT, source=SCRIPT) for step in (0, 2)},
        alarms=[alarm],
        attempts=[attempt(1, 1) | {"command": f"</pre>{SCRIPT}", "versions": {SCRIPT: SCRIPT}, "started": SCRIPT}],
        settings={"reward.reward_manager.name": SCRIPT, "data.seed": SCRIPT},
        sha256=SCRIPT,
    )
    other = healthy(tmp_path / "other", settings={SCRIPT: SCRIPT})
    page, _, text = written(run, others=[other])
    assert "script" not in page.tags
    assert page.tags.count("style") == 1
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert SCRIPT in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert not set("\x1b\u202e") & set(page.text + text)


def test_markup_of_the_terminal_is_text(tmp_path):
    steps = {1: [visit(0, ["[bold]a[/bold]", "[/]"], question="[red]is[/red] [link=file:///]it[/link]?")]}
    _, _, text = written(make_run(tmp_path / "run", steps=steps))
    assert "[red]is[/red] [link=file:///]it[/link]?" in text
    assert "[/]" in text


def test_a_surrogate_in_a_file_name_is_no_fault(tmp_path):
    run = healthy(tmp_path / "run", attempts=[attempt(1, 1) | {"command": ["a\udcffb"]}])
    assert "a�b" in written(run)[0].text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"steps": {}, "validation": {}}, "No step was trained yet."),
        ({"validation": {}}, "the share of right pseudo-labels rose from 0.500 to 1.000"),
        ({"steps": {}}, "rose from 0.250 to 1.000"),
        ({"steps": {1: [visit(0, list("ab"))]}, "validation": {}}, "without labels nobody knows"),
        ({"steps": {1: [visit(0, list("ab"), "a")]}, "validation": {}}, "In 1 step, the share of right"),
        ({"steps": {1: [visit(0, [])]}, "validation": {}}, "In 1 step"),
        ({"steps": {1: [visit(0, [None, None])]}, "validation": {}}, "In 1 step"),
        (
            {"settings": {"trainer.total_training_steps": 40}},
            "has done 3 of its 40 steps: it is going on",
        ),
        ({"settings": {"ttrl.allow_labels": True}}, "this is a control, not test-time RL"),
        ({"attempts": []}, "rose from 0.250 to 1.000"),
        ({"attempts": [attempt(1, 1) | {"command": None}, attempt(2, 3)]}, "rose from 0.250 to 1.000"),
    ],
    ids=[
        "zero-steps",
        "no-validation",
        "no-audit",
        "no-labels",
        "one-step",
        "no-responses",
        "nobody-answered",
        "going-on",
        "oracle",
        "no-attempt",
        "resumed",
    ],
)
def test_a_run_that_is_not_as_others_has_a_report(tmp_path, fields, says):
    fields = {"metrics": {3: {"ttrl/reward_mean": 0.5}}} | fields if fields.get("steps") == {} else fields
    if says.startswith("No step"):
        fields |= {"metrics": {0: {"val-core/questions/acc/mean@2": 0.5}}}
    page, _, text = written(healthy(tmp_path / "run", **fields))
    assert says in " ".join(page.text.split())
    assert says in " ".join(text.split())


def test_a_change_within_its_noise_is_none(tmp_path):
    validation = {
        0: answers_to(0, list("ab"), "a") + answers_to(1, list("bb"), "a"),
        3: answers_to(0, list("aa"), "a") + answers_to(1, list("bb"), "a"),
    }
    assert (
        "did not change beyond its noise, from 0.250 to 0.500"
        in written(healthy(tmp_path / "run", validation=validation))[2]
    )


def test_a_broken_audit_file_is_one_line(tmp_path):
    run = healthy(tmp_path / "run")
    broken = run / "audit" / "step_000002.parquet"
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"step_000002\.parquet: cannot be read: [^\n]*$"):
        write_report(run)


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "{}", '{"format": 9}', '{"format": 1}', '{"format": 1, "config": {}, "data": [], "attempts": [1]}'],
)
def test_a_folder_that_holds_no_run_is_one_line(tmp_path, manifest):
    with pytest.raises(InputError, match="holds no run"):
        write_report(tmp_path)
    (tmp_path / "run.json").write_text(manifest)
    with pytest.raises(InputError, match=r"run\.json: "):
        write_report(tmp_path)


def test_runs_that_differ_in_seeds_alone_are_a_group(tmp_path):
    seeds = [
        healthy(tmp_path / f"seed{n}", settings={"data.seed": n, "trainer.default_local_dir": f"/{n}"}) for n in (0, 1)
    ]
    control = healthy(tmp_path / "control", settings={"reward.reward_manager.name": "random"})
    report = write_report(seeds[0], others=[seeds[1], control])
    assert [(run.name, run.group, run.place) for run in report.comparison.runs] == [
        ("seed0", 0, 0),
        ("seed1", 0, 1),
        ("control", 1, 0),
    ]
    assert report.comparison.differences == (("reward.reward_manager.name", ("majority_vote", "random")),)
    mean = next(row for row in report.comparison.rows if row.is_group)
    # both went from 0.25 to 1
    assert (mean.name, mean.cells[:2]) == ("mean of 2 seeds ± s.e.", ("0.250 ± 0.000", "1.000 ± 0.000"))
    assert "mean of 2 seeds" in report.page.read_text()


def test_other_data_is_another_experiment_and_folders_of_one_name_are_told_apart(tmp_path):
    runs = [healthy(tmp_path / n / "run", sha256=n * 64) for n in ("a", "b")]
    comparison = write_report(runs[0], others=runs[1:]).comparison
    assert [run.name for run in comparison.runs] == ["a/run", "b/run"]
    assert comparison.groups == 2
    with pytest.raises(InputError, match="given twice"):
        write_report(runs[0], others=[runs[0]])


def test_values_become_blocks():
    assert sparkline([1.0]) == "▁"
    assert sparkline([0.0, 0.5, 1.0]) == "▁▅█"
    assert len(sparkline([float(n) for n in range(1000)])) == 32


@pytest.fixture
def report(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["ttrl-verl", "report", *arguments])
        with pytest.raises(SystemExit) as status:
            main()
        captured = capsys.readouterr()
        return SimpleNamespace(returncode=status.value.code, stdout=captured.out, stderr=captured.err)

    return call


def test_the_command_prints_the_text_and_says_where_the_page_is(tmp_path, report):
    run, out = healthy(tmp_path / "run"), tmp_path / "out.html"
    done = report(str(run), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert out.with_suffix(".txt").read_text().splitlines()[0] in done.stdout
    assert f"report: {out}, {out.with_suffix('.txt')}" in done.stdout


@pytest.mark.slow
def test_several_folders_are_compared_only_when_asked(tmp_path, report):
    runs = [str(healthy(tmp_path / name)) for name in "ab"]
    for arguments, said in (
        (runs, "ttrl-verl: 2 folders are given; expected one, or --compare"),
        ([runs[0], "--compare"], "ttrl-verl: --compare: expected another run's folder"),
        ([str(tmp_path / "none")], "holds no run"),
        ([runs[0], "--out", str(tmp_path / "no" / "folder.html")], "cannot be written: No such file or directory"),
        ([runs[0], "--out", "/"], "expected a file's name"),
        ([runs[0], "--out", str(tmp_path)], "cannot be written: Is a directory"),
        ([runs[0], "--out", str(tmp_path / "page.txt")], "is where the text goes"),
    ):
        done = report(*arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    done = report(runs[0], "--compare", runs[1])
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_long_run_reports_in_seconds(tmp_path):
    # 500 steps of 8 prompts with 64 votes, out of 400 questions; answers of 20 characters.
    def votes(step: int, index: int) -> list[str | None]:
        right = min(64, 20 + step // 10)
        return [f"{index:020d}"] * right + [f"{index + place:020d}" for place in range(1, 65 - right)]

    steps = {
        step: [visit(i, votes(step, i), f"{i:020d}") for i in range(step * 8 % 400, step * 8 % 400 + 8)]
        for step in range(1, 501)
    }
    run = make_run(tmp_path / "run", steps=steps, settings={"trainer.total_training_steps": 500})
    started = time.process_time()
    page, html, text = written(run)
    assert time.process_time() - started < 20
    assert "each point is the mean of up to 3 steps" in page.text
    assert len(html) < 300_000
    assert len(text) < 20_000
