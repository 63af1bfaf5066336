import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttrl_verl.composition.overrides import SHORT_NAMES, is_known, known_keys, nearest_key, quoted, translate
from ttrl_verl.errors import InputError


def test_every_short_name_stands_for_a_key_that_there_is():
    assert [key for key in SHORT_NAMES.values() if key not in known_keys()] == []


# A chat with examples is left alone.
ALONE = "ttrl.suffix_to=without_examples"


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("votes=16", ["ttrl.votes=16"]),
        ("model=qwen2.5-7b", ["model=qwen2.5-7b"]),
        ("model=org/name", ["actor_rollout_ref.model.path=org/name"]),
        ("model=/a folder", ["actor_rollout_ref.model.path='/a folder'"]),
        ("data=q.jsonl", ["data.train_files=[q.jsonl]"]),
        ("data=[a.jsonl,b.jsonl]", ["data.train_files=[a.jsonl,b.jsonl]"]),
        ("val=it's.jsonl", ["data.val_files=['it\\'s.jsonl']"]),
        ("estimator=ppo", ["estimator=ppo"]),
        ("dataset=dtd", ["+dataset=dtd"]),  # AIME has none of that group, so it is added
        ("out=runs/1", ["trainer.default_local_dir=runs/1", "trainer.validation_data_dir=runs/1/validation"]),
        (
            "labels=good,not good",
            ["ttrl.choices=[good,'not good']", "ttrl.prompt_suffix='\n\nAnswer with one of: good, not good.'", ALONE],
        ),
        (
            "labels=1,2,3",
            ["ttrl.choices=['1','2','3']", "ttrl.prompt_suffix='\n\nAnswer with one of: 1, 2, 3.'", ALONE],
        ),
        (
            "labels=true,false",
            ["ttrl.choices=['true','false']", "ttrl.prompt_suffix='\n\nAnswer with one of: true, false.'", ALONE],
        ),
        ("trainer.nnodes=2", ["trainer.nnodes=2"]),
        ("+trainer.mine=1", ["+trainer.mine=1"]),
        ("~trainer.logger", ["~trainer.logger"]),
        ("actor_rollout_ref.rollout.engine_kwargs.vllm.x=1", ["actor_rollout_ref.rollout.engine_kwargs.vllm.x=1"]),
    ],
)
def test_short_names_become_keys(given_, expected):
    assert translate("aime24", [given_]) == expected
    assert translate("aime24", expected) == expected  # what was translated stays


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ("vots=16", "vots is no key of verl's configuration; did you mean votes?"),
        ("actor_rollout_ref.rollout.temprature=1", "did you mean actor_rollout_ref.rollout.temperature?"),
        ("ttrl.vots=1", "ttrl.vots is no key of this section; did you mean ttrl.votes?"),
        ("rollout.n=4", "did you mean actor_rollout_ref.rollout.n?"),
        ("estimater=ppo", "did you mean estimator?"),
        ("estimator=pp0", "estimator=pp0: no such part; did you mean ppo?"),
        ("level=zzz", "level=zzz: no such part; expected one of all, l1, l2"),
        ("model=qwen2.5-math-7", "did you mean qwen2.5-math-7b?"),
        ("model=", "model=: is no folder and no hub id"),
        ("labels=good", "labels=good: expected at least two, with commas between"),
        ("trainer.nnodes", "'trainer.nnodes' is no override; expected KEY=VALUE"),
        ("", "'' is no override; expected KEY=VALUE"),
        ("=3", "'=3' is no override; expected KEY=VALUE"),
    ],
)
def test_a_slip_names_what_was_meant(given_, message):
    with pytest.raises(InputError) as error:
        translate("aime24", [given_])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_model_is_looked_for_on_this_machine(tmp_path: Path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert translate("aime24", ["model=mine"]) == ["actor_rollout_ref.model.path=mine"]


def test_below_an_open_node_anything_goes():
    assert is_known("actor_rollout_ref.model.override_config.anything.at_all")
    assert is_known("ttrl.reward_options.alpha")
    assert not is_known("actor_rollout_ref.rollout.anything")


def test_where_nothing_comes_near_nothing_is_suggested():
    assert nearest_key("qqqqqqqqq") is None


@pytest.mark.parametrize(
    "value",
    ["plain/path.jsonl", "a,b.jsonl", "a=b", "a:b", "with space", "with 'quote'", "ünï,{}=[]", "C:\\x", "end\\", "\\'"],
)
def test_any_path_survives_hydras_grammar(value):
    assert parsed(value) == value


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1))
def test_any_text_survives_hydras_grammar(value):
    assert parsed(value) == value


@pytest.mark.parametrize(
    "value", ["1", "-1", "+1", "1.5", ".5", "1.", "1e5", "1_000", "inf", "-nan", "NaN", "True", "NULL", "false"]
)
def test_text_that_hydra_reads_as_something_else_stays_text(value):
    assert parsed(value) == value
    assert parsed([value, "plain"]) == [value, "plain"]


def parsed(value):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create().parse_override(f"key={quoted(value)}").value()


@pytest.mark.slow
def test_a_slip_is_told_before_hydra_is_imported():
    code = (
        "import sys\nfrom ttrl_verl.errors import InputError\nfrom ttrl_verl.composition.overrides import translate\n"
        "try: translate('aime24', ['vots=1'])\nexcept InputError: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"hydra", "omegaconf", "pyarrow", "pydantic"} & set(done.stdout.split())
