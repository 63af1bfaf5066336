"""Images and the votes on them, before training and after: the first of each question file that has any."""

import base64
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import by_origin, is_labelled, read_groups
from ttrl_verl.printable import one_line
from ttrl_verl.questions.image_file import open_image
from ttrl_verl.questions.images import ImageLayout
from ttrl_verl.questions.read import Layout, as_list, iter_questions
from ttrl_verl.record.read import Run
from ttrl_verl.reward_fns.vote import take_vote

PER_SOURCE = 16
_LOOKED_AT = 64
_SIDE = 112
_ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes on an image: the most frequent answers with their counts, and whether the majority is right."""

    votes: tuple[tuple[str, int], ...]
    right: bool | None


@dataclass(frozen=True, slots=True)
class ShownImage:
    """An image, as a data URI, and its votes. Texts are fit to be shown; ``label`` is ``None`` where there is none."""

    uri: str
    origin: str
    label: str | None
    before: Tally
    after: Tally


def read_images(run: Run) -> dict[str, list[ShownImage]]:
    """Return up to ``PER_SOURCE`` images of each data source that was validated before training and after.

    They are the first of their file, not chosen by what came of them. A question with several images shows its first.
    Files that are no longer there, or are no longer what they were, give none.
    """
    passes = run.validations()
    if len(passes) < 2:
        return {}
    shown: dict[str, list[ShownImage]] = {}
    images = _images(run)
    if not images:
        return {}
    before, after = (by_origin(read_groups(passes[step])) for step in (min(passes), max(passes)))
    for origin, uri in images:
        if origin in before and origin in after:
            source, rows = after[origin]
            if len(shown.setdefault(source, [])) < PER_SOURCE:
                shown[source].append(_shown_image(uri, origin, before[origin][1], rows))
    return {source: found for source, found in shown.items() if found}


def _images(run: Run) -> list[tuple[str, str]]:
    layout = Layout(
        prompt_key=run.setting("data.prompt_key") or "prompt",
        label_key=run.setting("ttrl.label_key"),
        images=ImageLayout(run.setting("data.image_key") or "images", run.setting("ttrl.image_root")),
    )
    found = []
    for file in as_list(run.setting("data.val_files")):
        try:
            found += _first_images(Path(file).expanduser(), layout)
        except (InputError, OSError):
            continue
    return found


def _first_images(file: Path, layout: Layout) -> Iterator[tuple[str, str]]:
    rows = itertools.islice(iter_questions(file, layout), _LOOKED_AT)
    with_images = (row for row in rows if row["images"])
    for row in itertools.islice(with_images, PER_SOURCE):
        image = row["images"][0]
        yield row["origin"], _data_uri(open_image(image["bytes"] or image["path"]))


def _data_uri(image: Image.Image) -> str:
    image.thumbnail((_SIDE, _SIDE))
    out = io.BytesIO()
    image.convert("RGB").save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _shown_image(uri: str, origin: str, before: Sequence[dict], after: Sequence[dict]) -> ShownImage:
    label = after[0]["gts"]
    return ShownImage(
        uri=uri,
        origin=one_line(f"{Path(origin).name}", 80),
        label=None if label is None else one_line(label, 40),
        before=_tally(before),
        after=_tally(after),
    )


def _tally(rows: Sequence[dict[str, Any]]) -> Tally:
    answers = [row["answer"] for row in rows]
    counts = Counter(answers)
    order = sorted(counts, key=lambda answer: (-counts[answer], answer is None, answer))
    vote = take_vote(answers)
    agreeing = [row.get("acc") for row in rows if vote.label is not None and row["answer"] == vote.label]
    return Tally(
        votes=tuple(("no answer" if a is None else one_line(a, 24), counts[a]) for a in order[:_ANSWERS]),
        right=bool(agreeing and agreeing[0]) if is_labelled(rows) else None,
    )
