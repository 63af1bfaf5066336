"""A prompt's images are opened and processed once, for all its responses.

verl 0.9.1 opens and resizes a prompt's images anew for each response, and calls the image processor three times a
response: for the prompt's tokens, for the positions of the graded response, and for the pixels that are trained on. The
images of a prompt are the same objects for all its responses, so that is what both are remembered by. The words are
processed each time: they cost little, and the response is among them.
"""

import functools
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from cachetools import LRUCache, cached
from PIL import Image

LIMIT = 2**29
"""Bytes that a worker remembers of opened images, and again of processed ones; the longest unused go first."""


class _Made(NamedTuple):
    sources: tuple  # held, so that no other object gets their ids
    result: Any
    size: int


def remember(make: Callable[..., Any], size: Callable[[Any], int], limit: int = LIMIT) -> Callable[..., Any]:
    """Return ``made(sources, key, *args, **kwargs)``, which calls ``make(*args, **kwargs)`` once for these sources.

    Threads that ask for the same while it is made wait for it. What raises is not remembered, nor what is larger than
    the limit.

    Args:
        make: the function.
        size: of its result, in bytes.
        limit: bytes.

    Example:
        >>> calls = []
        >>> made = remember(lambda text: calls.append(text) or text.upper(), len)
        >>> source = object()
        >>> made((source,), "key", "a"), made((source,), "key", "a"), calls
        ('A', 'A', ['a'])
    """

    def key(sources: tuple, key: Hashable, *args: Any, **kwargs: Any) -> Hashable:
        return (*map(id, sources), key)

    @cached(LRUCache(limit, getsizeof=lambda made: made.size), key, condition=threading.Condition())
    def made(sources: tuple, key: Hashable, *args: Any, **kwargs: Any) -> _Made:
        result = make(*args, **kwargs)
        return _Made(sources, result, size(result))

    @functools.wraps(make)
    def result_of(*args: Any, **kwargs: Any) -> Any:
        return made(*args, **kwargs).result

    return result_of


def share_processing(image_processor: Any) -> None:
    """Let an image processor of transformers remember what it made of the same images with the same settings.

    Its class becomes a subclass of the same name: verl and transformers look at both.
    """
    theirs = type(image_processor)
    made = remember(theirs.__call__, _bytes_of_features)

    class Sharing(theirs):
        def __call__(self, images: Any, *args: Any, **kwargs: Any) -> Any:
            listed = images if isinstance(images, list | tuple) else [images]
            if args or not listed or not all(isinstance(image, Image.Image) for image in listed):
                return super().__call__(images, *args, **kwargs)
            # A copy: processors take what they need out of it.
            return made(tuple(listed), repr(sorted(kwargs.items())), self, images, **kwargs).copy()

    image_processor.__class__ = _named_like(theirs, Sharing)


def share_opening(dataset: type) -> type:
    """Return a data set's class whose images are opened once for the same messages, as an agent loop asks for them."""
    made = remember(dataset._process_multi_modal_info, _bytes_of_images)

    class Sharing(dataset):
        @classmethod
        def _process_multi_modal_info(cls, messages: list[dict], image_patch_size: int, config: Any) -> tuple:
            if not _only_images(messages):
                return super()._process_multi_modal_info(messages, image_patch_size, config)
            images, videos, audios = made(tuple(messages), image_patch_size, messages, image_patch_size, config)
            return (None if images is None else list(images)), videos, audios

    return _named_like(dataset, Sharing)


def _named_like(theirs: type, ours: type) -> type:
    ours.__name__, ours.__qualname__, ours.__module__ = theirs.__name__, theirs.__qualname__, theirs.__module__
    return ours


def _only_images(messages: Sequence[dict]) -> bool:
    """Return whether messages hold words and images, and images at all."""
    contents = [message["content"] for message in messages if not isinstance(message["content"], str)]
    kinds = {part.get("type") for parts in contents for part in parts}
    return "image" in kinds and kinds <= {"image", "text"}


def _bytes_of_images(opened: tuple) -> int:
    return sum(image.width * image.height * len(image.getbands()) for image in opened[0] or ())


def _bytes_of_features(features: Any) -> int:
    return sum(getattr(value, "nbytes", 0) for value in features.values())
