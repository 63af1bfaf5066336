"""The data set as verl builds it."""

import pytest
from omegaconf import OmegaConf

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.errors import InputError

pytestmark = pytest.mark.verl

ROWS = [{"prompt": f"what is {n}", "answer": 10 * n} for n in range(5)]


@pytest.fixture
def build(write_jsonl, tiny_model):
    """Build the training and the validation set in verl's order, from one file or two."""
    from transformers import AutoTokenizer
    from verl.trainer.ppo.utils import create_rl_dataset

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)

    def both(*overrides, train="q", val="q"):
        files = {name: write_jsonl(f"{name}.jsonl", ROWS) for name in {train, val}}
        settings = [f"data.train_files=[{files[train]}]", f"data.val_files=[{files[val]}]"]
        config = compose_recipe("demo_cpu", [*settings, f"actor_rollout_ref.model.path={tiny_model}", *overrides])
        data = config.data
        first = create_rl_dataset(data.train_files, data, tokenizer, None, max_samples=data.train_max_samples)
        second = create_rl_dataset(data.val_files, data, tokenizer, None, is_train=False)
        return first, second

    return both


@pytest.mark.parametrize("val", ["q", "held_out"])
def test_training_rows_have_no_label_and_ask_for_the_votes(build, val):
    train, _ = build(val=val)
    rows = [train[i] for i in range(len(train))]
    assert [row["reward_model"] for row in rows] == [{"style": "rule", "ground_truth": None}] * 5
    assert {row["__rollout_n__"] for row in rows} == {16}
    # No field of a row holds a label: every one is looked at.
    assert not {str(10 * n) for n in range(1, 5)} & {str(value) for row in rows for value in row.values()}


def test_with_views_training_rows_carry_the_columns_and_are_asked_by_their_loop(build, write_jsonl):
    rows = [row | {"said": f"the answer is {n}"} for n, row in enumerate(ROWS)]
    file = write_jsonl("said.jsonl", rows)
    train, val = build("ttrl.views=[as_written,column said]", f"data.train_files=[{file}]")
    assert train[1]["agent_name"] == "viewed_single_turn_agent"
    assert train[1]["extra_info"]["views"] == {"said": "the answer is 1"}
    assert "views" not in train[1]
    assert "views" not in val[1]["extra_info"]
    assert val[1]["agent_name"] != "viewed_single_turn_agent"


def test_labels_are_filed_in_the_driver_by_index(build):
    from ttrl_verl.training.driver_store import label_of

    train, _ = build()
    assert [row["index"] for row in (train[i] for i in range(5))] == [0, 1, 2, 3, 4]
    assert [row["extra_info"]["index"] for row in (train[i] for i in range(5))] == [0, 1, 2, 3, 4]
    assert [label_of(i) for i in range(6)] == ["0", "10", "20", "30", "40", None]


def test_validation_rows_have_labels_and_are_there_twice(build):
    _, val = build("ttrl.val_greedy=true", "actor_rollout_ref.rollout.val_kwargs.n=3")
    rows = [val[i] for i in range(len(val))]
    assert [row["data_source"] for row in rows] == ["q"] * 5 + ["q/greedy"] * 5
    assert [row["__rollout_n__"] for row in rows] == [3] * 5 + [1] * 5
    assert [row["reward_model"]["ground_truth"] for row in rows] == ["0", "10", "20", "30", "40"] * 2
    assert {row["agent_name"] for row in rows} == {"single_turn_agent", "greedy_single_turn_agent"}


def test_without_greedy_validation_rows_are_there_once(build):
    _, val = build("ttrl.val_greedy=false")
    assert len(val) == 5
    assert "__rollout_n__" not in val[0]


def test_a_part_of_the_questions_keeps_labels_with_their_questions(build):
    from ttrl_verl.training.driver_store import label_of

    train, _ = build("data.train_max_samples=3", "data.shuffle=true", "data.seed=1")
    assert len(train) == 3
    for i in range(3):
        number = train[i]["raw_prompt"][-1]["content"].split()[-1]
        assert label_of(train[i]["index"]) == str(10 * int(number))


def test_a_prompt_over_the_length_is_refused_or_left_out(build):
    with pytest.raises(InputError, match=r"q\.jsonl:1: the prompt has 8 tokens; expected at most 5"):
        build("data.max_prompt_length=5")
    train, _ = build("data.max_prompt_length=8", "data.filter_overlong_prompts=true")
    assert len(train) == 5


def test_it_reads_again_what_it_was_when_a_run_resumes(build):
    train, _ = build()
    train.resume_dataset_state()
    assert len(train) == 5
    assert train[0]["reward_model"]["ground_truth"] is None


def test_the_section_is_checked(build):
    with pytest.raises(InputError, match=r"ttrl\.vots is no key"):
        build("+ttrl.vots=1")


def test_the_recipe_names_this_class():
    from verl.utils.dataset.rl_dataset import get_dataset_class

    from ttrl_verl.training.dataset import UnlabeledDataset

    data = OmegaConf.create({"custom_cls": compose_recipe("demo_cpu").data.custom_cls})
    assert get_dataset_class(data) is UnlabeledDataset


def test_the_first_set_of_a_config_over_the_same_files_is_the_training_set(build):
    train, val = build(train="q", val="q")
    assert (train.is_training_set, val.is_training_set) == (True, False)
    assert val[1]["reward_model"]["ground_truth"] == "10"
    # Another config's first set is one again: nothing of the first is left in the process.
    again, _ = build(train="q", val="q")
    assert again.is_training_set


def test_a_second_training_set_over_files_of_its_own_is_a_training_set_too(build):
    from verl.trainer.ppo.utils import create_rl_dataset

    train, _ = build(train="q", val="held_out")
    data = train.config
    second = create_rl_dataset(data.train_files, data, train.tokenizer, None)
    assert second.is_training_set
    assert [second[i]["reward_model"]["ground_truth"] for i in range(5)] == [None] * 5


def test_nothing_is_put_into_the_users_config(build):
    train, val = build(train="q", val="q")
    assert train.config is val.config
    assert not [key for key in train.config if key.startswith("ttrl_")]


def test_which_part_of_the_questions_is_taken_goes_by_the_seed(build):
    def chosen(*settings):
        train, _ = build("data.train_max_samples=3", *settings)
        return [train[i]["raw_prompt"][-1]["content"] for i in range(3)]

    shuffled = {seed: chosen("data.shuffle=true", f"data.seed={seed}") for seed in (1, 2, 3)}
    assert len({tuple(part) for part in shuffled.values()}) > 1
    assert chosen("data.shuffle=true", "data.seed=1") == shuffled[1]
    assert [text.split()[-1] for text in chosen("data.shuffle=false", "data.seed=1")] == ["0", "1", "2"]
