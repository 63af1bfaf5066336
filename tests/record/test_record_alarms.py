"""Alarms as a run's record has them: once each, through resumes, and blind to labels."""

from record_rows import row, train

from ttrl_verl.record.read import open_run


def test_a_constant_reward_raises_one_alarm_that_may_stop_the_run(start_record, tmp_path, caplog):
    writer = start_record(alarms={"no_signal": {"action": "stop", "threshold": 0.9, "patience": 3}})
    train(writer, 1, 2, rewards=[1.0] * 4)
    assert not writer.stop_asked
    train(writer, 3, 4, 5, rewards=[1.0] * 4)
    assert writer.stop_asked
    (alarm,) = open_run(tmp_path / "run").alarms()
    assert (alarm["step"], alarm["attempt"], alarm["alarm"], alarm["value"]) == (3, 1, "no_signal", 1.0)
    assert caplog.text.count("nothing can be learnt from them") == 1


def test_after_a_resume_alarms_compare_with_the_runs_start_record(start_record, tmp_path):
    first = start_record()
    train(first, 1, 2, lengths=[100] * 4)
    train(first, 3, 4, lengths=[10] * 4)
    first.close()
    second = start_record()
    train(second, 4, lengths=[10] * 4)
    assert open_run(tmp_path / "run").alarms() == []
    train(second, 5, lengths=[10] * 4)
    # 3, 4 and 5: the third of them is in the second attempt.
    assert [(alarm["step"], alarm["attempt"], alarm["alarm"]) for alarm in open_run(tmp_path / "run").alarms()] == [
        (5, 2, "length_collapse")
    ]
    second.close()
    third = start_record()
    train(third, 6, lengths=[10] * 4)
    assert len(open_run(tmp_path / "run").alarms()) == 1  # still on: it does not fire again


def test_labels_that_flip_are_counted_between_visits(start_record, tmp_path):
    writer = start_record()
    for step in range(1, 8):
        train(writer, step, pseudo_label=str(step % 2))
    # Seen again from step 2 on, another label each time: five in a row at step 6.
    assert [(alarm["step"], alarm["alarm"]) for alarm in open_run(tmp_path / "run").alarms()] == [(6, "label_flips")]


def test_scrambled_labels_change_no_alarm_and_no_reward(start_record, tmp_path):
    told = []
    for name, label in (("a", None), ("b", "5"), ("c", "999")):
        writer = start_record(tmp_path / name)
        for step in range(1, 5):
            writer.record(step, [row(step, rewards=[1.0] * 4)], [{"label": label, "label_correct": label == "5"}])
        run = open_run(tmp_path / name)
        assert set(run.audit()["label"].to_pylist()) == {label}
        told.append((run.alarms(), run.audit()["rewards"].to_pylist()))
    assert told[0] == told[1] == told[2]
    assert told[0][0]
