"""The model: text to word-pieces, word-pieces to unit vectors."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

# The padded size of one run: enough to keep the cores busy, small enough to stay in their caches (measured: 8 texts
# of 120 tokens per run were 10 % faster than 32).
TOKENS_PER_RUN = 1024


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as the model reads it."""

    ids: tuple[int, ...]
    """With the two special tokens, cut to the model's limit."""
    tokens: int
    """Word-pieces of the whole text, without special tokens, before the cut."""


def describe(folder: Path) -> tuple[int, int]:
    """Width of the vectors and most tokens that are read, special ones included, of a model that need not be loaded."""
    about = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    return about["dim"], about["maxTokens"]


class Encoder:
    """A loaded model. Safe to call from several threads; runs of one session share its threads."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.dim, self.max_tokens = describe(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # The file pads and cuts to 128; the model itself reads more, and cutting here keeps the true count.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A thread that spins between two runs takes the core from the neighbours in the stack.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The graph is written with the fused operators already.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        self._session = ort.InferenceSession(
            str(folder / "model.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Word-pieces of each text, in order; an empty text has none but the special ones."""
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        return [Encoded(ids=self._cut(encoding.ids), tokens=len(encoding.ids) - 2) for encoding in encodings]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Word-pieces of each text without special tokens; never cut."""
        return [len(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def embed(self, batch: Sequence[Encoded]) -> Vectors:
        """float32 [n, dim], rows L2-normalised, n = len(batch), as one padded batch; n = 0 gives an empty array."""
        if not batch:
            return np.empty((0, self.dim), dtype=np.float32)
        width = max(len(item.ids) for item in batch)
        ids = np.zeros((len(batch), width), dtype=np.int32)
        mask = np.zeros((len(batch), width), dtype=np.int32)
        for row, item in enumerate(batch):
            ids[row, : len(item.ids)] = item.ids
            mask[row, : len(item.ids)] = 1
        vectors: Vectors = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
        return vectors

    def _cut(self, ids: list[int]) -> tuple[int, ...]:
        if len(ids) <= self.max_tokens:
            return tuple(ids)
        # The closing special token stays, as in the original's truncation.
        return (*ids[: self.max_tokens - 1], ids[-1])


def into_runs(batch: Sequence[Encoded]) -> list[list[int]]:
    """Groups texts of like length, as indices into `batch`, so that little of a run is padding.

    A group's padded size is at most TOKENS_PER_RUN, except that one text is always a group.
    """
    runs: list[list[int]] = []
    for index in sorted(range(len(batch)), key=lambda i: len(batch[i].ids)):
        width = len(batch[index].ids)
        if runs and (len(runs[-1]) + 1) * width <= TOKENS_PER_RUN:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs
