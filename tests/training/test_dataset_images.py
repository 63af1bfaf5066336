"""Questions with images as verl builds them: rows, agent loops' opening, lengths; with the tiny vision model."""

import inspect
import json
import pickle
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.errors import InputError
from ttrl_verl.questions.image_file import open_image
from ttrl_verl.questions.processors import OF_VERL
from ttrl_verl.questions.prompt_lengths import ImageCost, check_prompts
from ttrl_verl.questions.read import Layout, read_questions

pytestmark = pytest.mark.verl

QUESTION = "<image>\nWhich of these does the picture show?\nA. 0\nB. 1"


@pytest.fixture(scope="module")
def processor(tiny_vision_model):
    from verl.utils.tokenizer import hf_processor

    loaded = hf_processor(str(tiny_vision_model))
    assert type(loaded).__name__ == "Qwen2_5_VLProcessor"  # verl gives None where it fails
    return loaded


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (56, 56), "red").save(tmp_path / "red.png")
    Image.new("RGB", (112, 56), "blue").save(tmp_path / "blue.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (112, 56)).save(tmp_path / "turned.jpg", exif=exif)
    rows = [
        {"prompt": "what is 1", "answer": "A"},
        {"prompt": QUESTION, "answer": "B", "images": ["red.png"]},
        {"prompt": QUESTION, "images": ["blue.png"]},
        {"prompt": QUESTION, "images": ["turned.jpg"]},
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


@pytest.fixture
def build(folder, tiny_vision_model, processor):
    from verl.trainer.ppo.utils import create_rl_dataset

    def training_set(*overrides, file="q.jsonl", with_processor=True):
        settings = [f"data.train_files=[{folder / file}]", f"data.val_files=[{folder / 'none.jsonl'}]"]
        config = compose_recipe(
            "demo_cpu", [*settings, f"actor_rollout_ref.model.path={tiny_vision_model}", *overrides]
        )
        return create_rl_dataset(
            config.data.train_files, config.data, processor.tokenizer, processor if with_processor else None
        ), config.data

    return training_set


def opened(dataset, data, row):
    """Open a row's images as an agent loop does: in another process, by the class alone."""
    messages = pickle.loads(pickle.dumps(row["raw_prompt"]))
    images, _, _ = type(dataset)._process_multi_modal_info(messages, image_patch_size=14, config=data)
    return images


def test_text_and_images_stand_side_by_side(build, folder):
    dataset, data = build()
    rows = [dataset[index] for index in range(4)]
    assert rows[0]["raw_prompt"] == [{"role": "user", "content": "what is 1"}]
    assert rows[1]["raw_prompt"][0]["content"] == [
        {"type": "image", "image": str(folder / "red.png")},
        {"type": "text", "text": QUESTION.removeprefix("<image>")},
    ]
    assert [opened(dataset, data, row) and opened(dataset, data, row)[0].size for row in rows] == [
        None,
        (56, 56),
        (112, 56),
        (56, 112),  # EXIF's rotation
    ]
    assert opened(dataset, data, rows[1])[0].getpixel((9, 9)) == (255, 0, 0)
    assert not any("images" in row for row in rows)
    assert {row["reward_model"]["ground_truth"] for row in rows} == {None}


def test_bytes_travel_as_they_are_until_they_are_opened(build, folder):
    data = (folder / "red.png").read_bytes()
    row = {"prompt": [{"role": "user", "content": QUESTION}], "images": [{"bytes": data}]}
    pq.write_table(pa.Table.from_pylist([row] * 2), folder / "q.parquet")
    dataset, config = build(file="q.parquet")
    assert dataset[1]["raw_prompt"][0]["content"][0] == {"type": "image", "image": data}
    assert opened(dataset, config, dataset[1])[0].size == (56, 56)


def test_pixel_limits_reach_the_processor(build):
    dataset, data = build("ttrl.max_pixels=1568", "ttrl.min_pixels=784")
    # 112 by 56 to at most 1568: 56 by 28
    assert [opened(dataset, data, dataset[index])[0].size for index in (1, 2)] == [(28, 28), (56, 28)]


def test_an_image_that_broke_since_is_one_line(build, folder):
    dataset, data = build()
    (folder / "red.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"red\.png: is no image"):
        opened(dataset, data, dataset[1])


def test_lengths_count_an_images_tokens(folder, processor):
    table = read_questions(folder / "q.jsonl", Layout())
    # By hand: <|im_start|> user \n are 3, the small image's four tokens between two others 6, the question's 11 words
    # and 3 ends of lines 14, <|im_end|> \n <|im_start|> assistant \n 5. Together 28; 32 with an image of eight tokens.
    assert check_prompts(table, processor.tokenizer, processor, 32) == ImageCost(fewest=4, most=8, longest=32)
    with pytest.raises(
        InputError, match=r"q\.jsonl:3: the prompt has 32 tokens, 8 of them of its images; expected at most 31"
    ):
        check_prompts(table, processor.tokenizer, processor, 31)
    with pytest.raises(InputError, match=r"q\.jsonl:2: the prompt has 28 tokens"):
        check_prompts(table, processor.tokenizer, processor, 27)


def test_a_length_is_what_verl_will_count(build, processor):
    from verl.utils.tokenizer.continuous_token import QwenVLContinuousTokenBuilder

    dataset, data = build()
    builder = QwenVLContinuousTokenBuilder(processor.tokenizer, processor)
    counts = []
    for index in range(1, 4):
        row = dataset[index]
        tokens = builder.build_initial_tokens(row["raw_prompt"], images=opened(dataset, data, row))
        counts.append(len(tokens))
    assert counts == [28, 32, 32]


def test_columns_of_other_names_are_found_again_when_a_run_resumes(build, folder):
    (folder / "q.jsonl").write_text(json.dumps({"ask": QUESTION, "picture": "red.png"}))
    dataset, _ = build("data.prompt_key=ask", "data.image_key=picture")
    first = dataset[0]["raw_prompt"]
    dataset.resume_dataset_state()
    assert dataset[0]["raw_prompt"] == first
    assert first[0]["content"][0]["type"] == "image"


def test_images_without_a_processor_are_refused(build):
    with pytest.raises(InputError, match=r"q\.jsonl:2: has images, and verl finds no processor"):
        build(with_processor=False)


def test_an_image_token_in_the_text_is_refused(folder, processor):
    (folder / "bad.jsonl").write_text(json.dumps({"prompt": QUESTION + "<|image_pad|>", "images": "red.png"}))
    table = read_questions(folder / "bad.jsonl", Layout())
    with pytest.raises(InputError, match=r"bad\.jsonl:1: has <\|image_pad\|> in its text; expected <image>"):
        check_prompts(table, processor.tokenizer, processor, 99)


def test_long_prompts_may_be_left_out(build):
    dataset, _ = build("data.filter_overlong_prompts=true", "data.max_prompt_length=28")
    assert [dataset[index]["extra_info"]["index"] for index in range(len(dataset))] == [0, 1]


def test_the_processors_are_those_that_verl_loads():
    from verl.utils.tokenizer import hf_processor

    assert tuple(re.findall(r'case "(\w+)"', inspect.getsource(hf_processor))) == OF_VERL


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [
        ({}, [4, 12, 12]),  # two tiles and a thumbnail: the processor's own default
        ({"crop_to_patches": False}, [4, 4, 4]),
        ({"max_patches": 1}, [4, 4, 4]),
    ],
)
def test_tiles_of_internvl_are_counted_as_verl_will(settings, tokens, folder, tiny_internvl):
    from verl.utils.tokenizer import hf_processor
    from verl.utils.tokenizer.continuous_token import VLContinuousTokenBuilder

    processor = hf_processor(str(tiny_internvl))
    builder = VLContinuousTokenBuilder(processor.tokenizer, processor, mm_processor_kwargs=settings)
    table = read_questions(folder / "q.jsonl", Layout())
    counts, of_images = [], []
    for n in range(1, 4):
        row = table.slice(n, 1).to_pylist()[0]
        content = [{"type": "image"}, {"type": "text", "text": row["prompt"][0]["content"].removeprefix("<image>")}]
        images = [open_image(row["images"][0]["path"])]
        ids = builder.build_initial_tokens([{"role": "user", "content": content}], images=images)
        counts.append(len(ids))
        of_images.append(ids.count(processor.image_token_id))
    assert of_images == tokens
    cost = check_prompts(table, processor.tokenizer, processor, 99, processor_settings=settings)
    assert cost == ImageCost(fewest=min(tokens), most=max(tokens), longest=max(counts))
    with pytest.raises(InputError, match=r"max_patches cuts an image into fewer tiles\)$"):
        check_prompts(table.slice(1), processor.tokenizer, processor, 9, processor_settings=settings)
