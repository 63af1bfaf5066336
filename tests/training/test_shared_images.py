"""A prompt's images are opened and processed once, and come out as they would alone."""

import threading

import pytest
from PIL import Image

from ttrl_verl.training.shared_images import remember, share_opening, share_processing


def test_what_was_made_of_the_same_objects_is_made_once():
    calls = []

    def make(word):
        calls.append(word)
        return word.upper()

    made = remember(make, len)
    one, other = object(), object()
    assert [made((one,), 0, "a"), made((one,), 0, "a"), made((other,), 0, "b"), made((one,), 1, "c")] == list("AABC")
    assert calls == ["a", "b", "c"]


def test_the_longest_unused_is_forgotten_and_what_is_too_large_is_not_kept():
    calls = []

    def make(word):
        calls.append(word)
        return word

    made = remember(make, len, limit=4)
    sources = [object() for _ in range(3)]
    for place, word in [(0, "ab"), (1, "cd"), (0, "ab"), (2, "ef"), (0, "ab"), (1, "cd")]:
        assert made((sources[place],), 0, word) == word
    assert calls == ["ab", "cd", "ef", "cd"]
    for _ in range(2):
        assert made((sources[0],), 1, "larger") == "larger"
    assert calls[4:] == ["larger", "larger"]


def test_threads_wait_for_the_one_that_makes_it():
    calls, begun, go = [], threading.Event(), threading.Event()

    def make():
        calls.append(threading.get_ident())
        begun.set()
        go.wait(10)
        return "made"

    made = remember(make, len)
    source, found = object(), []
    threads = [threading.Thread(target=lambda: found.append(made((source,), 0))) for _ in range(8)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert found == ["made"] * 8
    assert len(calls) == 1


def test_what_fails_is_tried_again():
    results = iter([OSError("no such image"), "made"])

    def make():
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    made = remember(make, len)
    source = object()
    with pytest.raises(OSError, match="no such image"):
        made((source,), 0)
    assert made((source,), 0) == "made"


class Rows:
    """A data set, as far as an agent loop's worker asks one for images."""

    opened = 0

    @classmethod
    def _process_multi_modal_info(cls, messages, image_patch_size, config):
        Rows.opened += 1
        return [Image.new("RGB", (4, 4))], None, None


def test_messages_are_opened_once_and_each_gets_a_list_of_its_own(monkeypatch):
    monkeypatch.setattr(Rows, "opened", 0)
    sharing = share_opening(Rows)
    assert sharing.__name__ == "Rows"
    messages = [{"role": "user", "content": [{"type": "image", "image": "a.png"}, {"type": "text", "text": "?"}]}]
    first, again = (sharing._process_multi_modal_info(list(messages), 14, None)[0] for _ in range(2))
    assert first[0] is again[0]
    first.clear()
    assert len(again) == 1
    assert Rows.opened == 1
    # The same words of another prompt are other objects.
    sharing._process_multi_modal_info([dict(messages[0])], 14, None)
    assert Rows.opened == 2
    for content in ("words alone", [{"type": "image", "image": "a.png"}, {"type": "video", "video": "b.mp4"}]):
        other = [{"role": "user", "content": content}]
        for _ in range(2):
            sharing._process_multi_modal_info(other, 14, None)
    assert Rows.opened == 6


@pytest.mark.verl
@pytest.mark.parametrize("kind", ["tiny_internvl", "tiny_vision_model"])
def test_a_real_processor_says_the_same_and_works_once(kind, request, monkeypatch):
    import torch
    from transformers import AutoProcessor

    folder = request.getfixturevalue(kind)
    plain, shared = (AutoProcessor.from_pretrained(folder) for _ in range(2))
    theirs, calls = type(shared.image_processor), []
    preprocess = theirs.preprocess

    def counted(self, *args, **kwargs):
        if self is shared.image_processor:
            calls.append(kwargs)
        return preprocess(self, *args, **kwargs)

    monkeypatch.setattr(theirs, "preprocess", counted)
    share_processing(shared.image_processor)
    assert isinstance(shared.image_processor, theirs)
    assert type(shared.image_processor).__name__ == theirs.__name__
    token = getattr(shared, "image_token", None)
    images = [Image.effect_noise((56, 84), 90).convert("RGB"), Image.effect_noise((112, 56), 90).convert("RGB")]

    def same(words, pictures, times, **kwargs):
        text = [token * len(pictures) + words]
        one, other = (
            processor(text=text, images=pictures, return_tensors="pt", **kwargs) for processor in (plain, shared)
        )
        assert one.keys() == other.keys()
        for name, value in one.items():
            torch.testing.assert_close(other[name], value, rtol=0, atol=0)
        assert len(calls) == times

    same("show?", images, 1)
    same("show? 5", images, 1)  # a response's words, the same pictures
    same("show?", images[::-1], 2)
    same("show?", [images[0].copy(), images[1]], 3)
    same("show?", images, 4, **({"crop_to_patches": False} if kind == "tiny_internvl" else {"max_pixels": 28 * 28 * 4}))
