"""Proves at start that this model on this machine answers what the original answers."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quayside_nlp.encoder import Encoder, into_runs

GOLDEN = Path(__file__).with_name("golden")
"""A file for each model, named after it without its owner."""
LEAST_COSINE = 0.99


class SelfTestError(Exception):
    """The model does not answer as the original does; the message says where."""


@dataclass(frozen=True, slots=True)
class SelfTestResult:
    sentences: int
    least_cosine: float


def golden_of(model: str, folder: Path = GOLDEN) -> Path:
    return folder / f"{model.rpartition('/')[2]}.json"


def run_self_test(encoder: Encoder, model: str, folder: Path = GOLDEN) -> SelfTestResult:
    """Embeds the golden sentences and compares them with the vectors of the original model.

    Raises SelfTestError when a cosine is below 0.99, a count of word-pieces differs, or there are no golden vectors
    for this model: an untested model is never served.
    """
    golden = golden_of(model, folder)
    expected = json.loads(golden.read_text(encoding="utf-8")) if golden.is_file() else None
    if expected is None or expected["model"] != model:
        raise SelfTestError(f"there are no golden vectors for {model}")
    entries = expected["entries"]
    encoded = encoder.encode([entry["text"] for entry in entries])
    for entry, item in zip(entries, encoded, strict=True):
        if item.tokens != entry["tokens"]:
            raise SelfTestError(f"{entry['text'][:40]!r} has {item.tokens} word-pieces, not {entry['tokens']}")
    wanted = np.array([entry["vector"] for entry in entries], dtype=np.float32)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    vectors = np.empty_like(wanted)
    for run in into_runs(encoded):
        vectors[run] = encoder.embed([encoded[index] for index in run])
    cosines = np.sum(vectors * wanted, axis=1)
    # `not all(>=)` also catches NaN, which compares false with everything.
    if not np.all(cosines >= LEAST_COSINE):
        worst = int(np.argmin(np.nan_to_num(cosines, nan=-1)))
        raise SelfTestError(f"cosine {cosines[worst]:.4f} for {entries[worst]['text'][:40]!r}, below {LEAST_COSINE}")
    return SelfTestResult(sentences=len(entries), least_cosine=float(cosines.min()))
