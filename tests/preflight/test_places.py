"""Paths from where the command is typed, remote stores, flash-attn, and the stage's own section."""

import pytest

from ttrl_verl.composition.located import located
from ttrl_verl.composition.places import absolute_path, is_remote
from ttrl_verl.composition.recipe import compose_run, in_own_folder
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.attention import check_attention
from ttrl_verl.preflight.findings import config_findings, findings, refuse
from ttrl_verl.preflight.places import check_places

pytestmark = pytest.mark.slow  # each composes a recipe


def test_paths_of_the_command_line_and_the_recipe_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    composed = located(compose_run("ttrl_aime24", ["out=runs/1", "val=b.jsonl", "ttrl.image_root='~/pictures'"]))
    values = composed.values
    assert values["data"]["train_files"] == [f"{tmp_path}/data/aime24.parquet"]  # the recipe's own
    assert values["data"]["val_files"] == [f"{tmp_path}/b.jsonl"]
    assert values["trainer"]["default_local_dir"] == f"{tmp_path}/runs/1"
    assert values["trainer"]["validation_data_dir"] == f"{tmp_path}/runs/1/validation"
    assert values["ttrl"]["image_root"].endswith("/pictures")
    assert "~" not in values["ttrl"]["image_root"]
    # verl is started with the overrides: composed anew, they say the same.
    assert compose_run("ttrl_aime24", composed.overrides).values == values
    assert located(composed) is composed


def test_a_path_is_told_once(tmp_path, monkeypatch):
    """`train --dry-run` prints these: what was typed is there as it is started, and not beside that."""
    monkeypatch.chdir(tmp_path)
    composed = located(compose_run("ttrl_aime24", ["data=a.jsonl", "votes=8", "+ttrl.prior=p.jsonl", "val=/b.jsonl"]))
    assert list(composed.overrides) == [
        "ttrl.votes=8",
        "data.val_files=[/b.jsonl]",
        f"data.train_files=[{tmp_path}/a.jsonl]",
        f"+ttrl.prior={tmp_path}/p.jsonl",
    ]


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("s3://bucket/q.jsonl", "s3://bucket/q.jsonl"),
        ("a://b", "a://b"),
        ("/data/a://b", "/data/a:/b"),  # a path whose folder's name ends in a colon
        ("/data/x/../q.jsonl", "/data/q.jsonl"),
    ],
)
def test_a_remote_name_begins_with_its_scheme(name, becomes):
    assert absolute_path(name) == becomes
    assert is_remote(name) == (name == becomes)


def test_a_folder_that_follows_another_still_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    composed = located(compose_run("ttrl_aime24", ["trainer.default_local_dir=mine"]))
    assert composed.values["trainer"]["validation_data_dir"] == f"{tmp_path}/mine/validation"
    assert composed.values["data"]["val_files"] == composed.values["data"]["train_files"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "data=hdfs://cluster/q.parquet",
            "data.train_files is hdfs://cluster/q.parquet, in a remote store; expected a",
        ),
        ("val=s3://bucket/q.jsonl", "data.val_files is s3://bucket/q.jsonl, in a remote store"),
        ("out=s3://bucket/run", "trainer.default_local_dir is s3://bucket/run, in a remote store"),
    ],
)
def test_a_remote_store_is_refused_in_one_line(override, message):
    composed = located(compose_run("ttrl_aime24", [override]))
    with pytest.raises(InputError) as error:
        refuse(findings(composed))
    assert str(error.value).startswith(message)
    assert [finding.state for finding in check_places(composed)] == ["wrong"]


def test_a_run_to_go_on_with_must_be_named():
    with pytest.raises(InputError, match=r"resume_mode is auto, and no folder is named; expected out=FOLDER"):
        in_own_folder(compose_run("ttrl_aime24", ["trainer.resume_mode=auto"]), "/runs/new")
    named = compose_run("ttrl_aime24", ["trainer.resume_mode=auto", "out=/runs/1"])
    assert in_own_folder(named, "/runs/new") is named


def attention(monkeypatch, *overrides, flash=None, cpu=False):
    monkeypatch.setattr("ttrl_verl.preflight.attention.installed_version", lambda *_: flash)
    monkeypatch.setattr("ttrl_verl.preflight.attention.vllm_build_is_cpu", lambda: cpu)
    return [(found.state, found.said) for found in check_attention(compose_run("ttrl_aime24", overrides))]


def test_flash_attn_is_looked_for_where_the_recipe_needs_it(monkeypatch):
    ((state, said),) = attention(monkeypatch)
    assert state == "wrong"
    assert said == (
        "flash-attn is not installed, and verl asks for it: `pip install --no-build-isolation flash-attn==2.8.3` after "
        "torch, or +actor_rollout_ref.model.override_config.attn_implementation=sdpa"
    )
    assert attention(monkeypatch, flash="2.8.3") == [("ok", "flash-attn 2.8.3")]
    assert attention(monkeypatch, cpu=True) == [("note", said)]
    sdpa = "+actor_rollout_ref.model.override_config.attn_implementation=sdpa"
    assert attention(monkeypatch, sdpa) == []
    ((_, said),) = attention(monkeypatch, sdpa, "estimator=ppo")
    assert said.endswith("+critic.model.override_config.attn_implementation=sdpa")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "+trainer.v1.sampler.sampler_kwargs.keep=2",
            "trainer.v1.sampler.sampler_kwargs.keep is no key of this section",
        ),
        ("trainer.v1.sampler.sampler_kwargs.kept=many", "trainer.v1.sampler.sampler_kwargs.kept"),
        ("~trainer.v1.sampler.sampler_kwargs", "sampler_kwargs is empty; expected base/ttrl in the recipe's defaults"),
    ],
)
def test_the_stages_own_section_is_read_before_the_start(override, message):
    with pytest.raises(InputError) as error:
        refuse(config_findings(compose_run("ttrl_aime24", [override])))
    assert message in str(error.value)
