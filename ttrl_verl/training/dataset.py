"""``UnlabeledDataset``: question files as the rows that verl trains and validates on."""

from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from verl.utils.dataset.rl_dataset import RLHFDataset

from ttrl_verl.config import TTRLConfig, ttrl_config_of
from ttrl_verl.evaluation.figures import GREEDY
from ttrl_verl.questions.image_file import open_parts
from ttrl_verl.questions.images import chat_messages
from ttrl_verl.questions.prompt_lengths import check_prompts
from ttrl_verl.questions.read import as_list, read_questions
from ttrl_verl.training.driver_store import remember, remembers
from ttrl_verl.training.greedy_agent_loop import NAME as GREEDY_AGENT
from ttrl_verl.training.viewed_agent_loop import NAME as VIEWED_AGENT


class UnlabeledDataset(RLHFDataset):
    """Questions from parquet, JSON, JSONL or CSV; labels, where a file has them, for validation and diagnosis alone.

    A question may have images. A row names them by path, or carries the file's bytes, until a worker opens them: pixels
    are never copied from process to process, and what is opened is checked there.

    A training row carries no label: its ``reward_model.ground_truth`` is ``None``, and ``__rollout_n__`` asks for
    ``ttrl.votes`` responses. A validation row carries the label that its responses are scored against. With
    ``ttrl.val_greedy`` each validation row is there twice: sampled, and answered greedily under the data source
    ``<name>/greedy``.

    verl tells a data set neither which of the two it is nor the section ``ttrl:``. The recipes hand the section over as
    ``data.ttrl``; and the set is the training set where its files are ``data.train_files`` and not ``data.val_files``.
    Where the two are the same files, the first set that is built from a config is the training set: verl builds it
    first, and the group stage refuses training rows with labels, should that change.

    Raises:
        InputError: a file or a row is not what was expected, or a prompt is too long.
    """

    def _read_files_and_tokenize(self) -> None:
        ttrl = ttrl_config_of(self.config)
        self.is_training_set = self._claim_role()
        layout = ttrl.layout(self.config.prompt_key, self.config.image_key, training=self.is_training_set)
        self._view_columns = layout.view_columns
        table = pa.concat_tables([read_questions(path, layout) for path in self.data_files])
        table = self._take_max_samples(table)
        if not self.filter_overlong_prompts:
            check_prompts(
                table,
                self.tokenizer,
                self.processor,
                self.max_prompt_length,
                processor_settings=self.config.get("mm_processor_kwargs"),
                **self.apply_chat_template_kwargs,
            )
        self.dataframe = self._rows(table, ttrl)
        # The columns are ours, whatever the file called them.
        self.prompt_key, self.image_key = "prompt", "images"
        self.dataframe = self.maybe_filter_out_long_prompts(self.dataframe)

    def _claim_role(self) -> bool:
        """Return whether this is the training set."""
        if hasattr(self, "is_training_set"):
            return self.is_training_set  # read again, on resume
        files, train, val = (
            as_list(f) for f in (self.original_data_files, self.config.train_files, self.config.val_files)
        )
        if files != train:
            return False
        return files != val or not remembers(self.config)

    def _take_max_samples(self, table: pa.Table) -> pa.Table:
        """Return the rows that ``data.train_max_samples`` or ``data.val_max_samples`` leaves."""
        if not 0 < self.max_samples < table.num_rows:
            return table
        if self.shuffle:
            chosen = np.random.default_rng(self.seed).choice(table.num_rows, size=self.max_samples, replace=False)
            return table.take(pa.array(chosen))
        return table.slice(0, self.max_samples)

    def _rows(self, table: pa.Table, ttrl: TTRLConfig) -> datasets.Dataset:
        """Return the table in verl's columns, with the labels only where they may be."""
        rows = table.append_column("row_index", pa.array(range(table.num_rows), pa.int64()))
        if self.is_training_set:
            remember(table, self.config)
            rows = rows.set_column(rows.schema.get_field_index("label"), "label", pa.nulls(table.num_rows, pa.string()))
            return _dataset(rows, rollout_n=ttrl.votes, agent_name=VIEWED_AGENT if ttrl.views else None)
        if not ttrl.val_greedy:
            return _dataset(rows)
        greedy = rows.set_column(
            rows.schema.get_field_index("data_source"),
            "data_source",
            pa.array([source + GREEDY for source in table.column("data_source").to_pylist()]),
        )
        sampled = _dataset(rows, rollout_n=ttrl.val_samples, agent_name="single_turn_agent")
        return datasets.concatenate_datasets([sampled, _dataset(greedy, rollout_n=1, agent_name=GREEDY_AGENT)])

    def _build_messages(self, example: dict, key: str) -> list[dict]:
        """Return a row's messages with its images among the words."""
        return chat_messages(example[key], example[self.image_key])

    @classmethod
    def _process_multi_modal_info(cls, messages: list[dict], image_patch_size: int, config: Any) -> tuple:
        """Open a row's images; verl's own resizing follows. Agent loops and the length filter come through here."""
        return super()._process_multi_modal_info(open_parts(messages), image_patch_size, config)

    def __getitem__(self, item: int) -> dict[str, Any]:
        """Return a row as verl's agent loops and reward managers want it."""
        row = super().__getitem__(item)
        label = row.pop("label")
        index = row.pop("row_index")  # `index` itself is overwritten by verl, from extra_info
        row["reward_model"] = {"style": "rule", "ground_truth": label}
        row["extra_info"] = {"index": index, "origin": row.pop("origin"), "answer_type": row.pop("answer_type")}
        if texts := row.pop("views", None):
            row["extra_info"]["views"] = dict(zip(self._view_columns, texts, strict=True))
        row["extra_info"]["training"] = self.is_training_set
        row["index"] = index
        return row


def _dataset(rows: pa.Table, *, rollout_n: int | None = None, agent_name: str | None = None) -> datasets.Dataset:
    if rollout_n is not None:
        rows = rows.append_column("__rollout_n__", pa.array([rollout_n] * rows.num_rows, pa.int64()))
    if agent_name is not None:
        rows = rows.append_column("agent_name", pa.array([agent_name] * rows.num_rows))
    return datasets.Dataset(rows)
