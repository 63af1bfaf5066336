"""What is said while one waits, on a terminal and in a pipe."""

import io
import json

from rich.console import Console
from run_folder import make_run, visit

from ttrl_verl.record.layout import metrics_file
from ttrl_verl.report.progress import Progress


def logged(folder, attempt: int, step: int, seconds: float) -> None:
    file = metrics_file(folder, attempt)
    file.parent.mkdir(parents=True, exist_ok=True)
    data = {"ttrl/majority_ratio": 0.5, "ttrl/answer_information": 1.25, "ttrl/unparsed_ratio": 0.25}
    data |= {"ttrl/reward_mean": 0.5, "timing_s/step": seconds}
    with file.open("a") as opened:
        opened.write(json.dumps({"step": 0, "data": {"val-core/acc": 0.5}}) + "\n" if step == 1 else "")
        opened.write(json.dumps({"step": step, "data": data}) + "\n")


def said(tmp_path, *, terminal: bool, attempt: int = 1, steps: tuple[int, ...] = (1, 2)) -> str:
    file = io.StringIO()
    with Progress(Console(file=file, force_terminal=terminal, width=160), tmp_path, tmp_path / "log", 4) as progress:
        for step in steps:
            logged(tmp_path, attempt, step, 50.0 + 20 * step)
            progress.update()
    return file.getvalue()


def test_a_pipe_gets_a_line_a_step(tmp_path):
    lines = said(tmp_path, terminal=False).splitlines()
    # Steps took 70 and 90 seconds: three of 70 are left after the first, two of 80 after the second.
    votes = "agreement 0.50   information 1.25   without an answer 0.25   reward 0.50"
    assert lines[0].endswith(f"step  1 of 4   {votes}   70 s, about 4 min left")
    assert lines[1].endswith(f"step  2 of 4   {votes}   90 s, about 3 min left")
    assert len(lines) == 2
    assert "\x1b" not in "".join(lines)


def test_a_terminal_is_also_told_what_goes_on(tmp_path):
    assert "training, step 2 of 4" in said(tmp_path, terminal=True)


def test_a_run_that_goes_on_says_its_own_steps_alone(tmp_path):
    make_run(tmp_path, steps={1: [visit(0, ["4"] * 4)]})
    (tmp_path / "validation").mkdir(exist_ok=True)
    (tmp_path / "validation" / "0.jsonl").write_text("{}\n")
    (tmp_path / "log").write_text("Started a local Ray instance\n")
    lines = said(tmp_path, terminal=False, attempt=2, steps=(4,)).splitlines()
    assert len(lines) == 1
    assert "step  4 of 4" in lines[0]
    assert "left" not in lines[0]
