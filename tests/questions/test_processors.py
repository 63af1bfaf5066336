"""What is known of processors that verl does not load, by hand."""

from types import SimpleNamespace

import pytest

from ttrl_verl.questions.processors import (
    ADDED,
    KNOWN,
    OF_VERL,
    added,
    as_asked,
    glm_as_asked,
    internvl_as_asked,
    patch_size,
)

START, END, CONTEXT = 1, 2, 3


@pytest.mark.parametrize(
    ("ids", "asked"),
    [
        ([7, 1, 3, 3, 3, 3, 2, 8], [7, 3, 8]),  # an image of four tokens between two words
        ([1, 3, 2], [3]),
        ([1, 3, 3, 2, 1, 3, 2, 8], [3, 3, 8]),  # two images, one after the other
        ([7, 8], [7, 8]),
        ([], []),
        ([1, 2], [1, 2]),  # a start and an end with nothing between
        ([3, 3, 2], [3, 3, 2]),  # no start
        ([1, 3, 3], [1, 3, 3]),  # no end
        ([1, 3, 8, 3, 2], [1, 3, 8, 3, 2]),  # a word between
        ([1, 1, 3, 2, 2], [1, 3, 2]),  # spread twice: one layer goes
        ([7, 3, 8], [7, 3, 8]),  # as asked already
    ],
)
def test_an_image_of_internvl_becomes_one_token(ids, asked):
    processor = SimpleNamespace(start_image_token_id=START, end_image_token_id=END, image_token_id=CONTEXT)
    assert internvl_as_asked(ids, processor) == asked


@pytest.mark.parametrize(
    ("ids", "asked"),
    [([7, 1, 3, 3, 3, 3, 2, 8], [7, 1, 3, 2, 8]), ([1, 3, 3, 2, 1, 3, 2], [1, 3, 2, 1, 3, 2]), ([7], [7]), ([], [])],
)
def test_an_image_of_glm_becomes_one_token_between_its_ends(ids, asked):
    assert glm_as_asked(ids, SimpleNamespace(image_token_id=CONTEXT)) == asked


def test_who_undoes_the_spreading():
    def named(name):
        return type(name, (), {})()

    assert as_asked(named("InternVLProcessor")) is internvl_as_asked
    assert as_asked(named("Glm4vProcessor")) is as_asked(named("Glm46VProcessor")) is glm_as_asked
    assert as_asked(named("Qwen2_5_VLProcessor")) is None  # verl
    assert as_asked(None) is None


def test_what_is_added_is_none_of_verls():
    assert not set(ADDED) & set(OF_VERL)
    assert set(KNOWN) == set(ADDED) | set(OF_VERL)
    assert added(None) is None
    assert added(SimpleNamespace()) is None


def test_the_side_of_a_patch_is_the_image_processors_or_verls():
    assert patch_size(SimpleNamespace(image_processor=SimpleNamespace(patch_size=16))) == 16
    assert patch_size(SimpleNamespace(image_processor=SimpleNamespace())) == 14
