"""Proves at start that this model on this machine answers what the original answers."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quayside_nlp.encoder import Encoder, into_runs

GOLDEN = Path(__file__).with_name("golden.json")
LEAST_COSINE = 0.99


class SelfTestError(Exception):
    """The model does not answer as the original does; the message says where."""


@dataclass(frozen=True, slots=True)
class SelfTestResult:
    sentences: int
    least_cosine: float


def run_self_test(encoder: Encoder, model: str, golden: Path = GOLDEN) -> SelfTestResult:
    """Embeds the golden sentences and compares them with the vectors of the original model.

    Raises SelfTestError when a cosine is below 0.99, a count of word-pieces differs, or there are no golden vectors
    for this model: an untested model is never served.
    """
    expected = json.loads(golden.read_text(encoding="utf-8"))
    if expected["model"] != model:
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
