"""Makes golden vectors: what an original model answers for 20 sentences, against which the service tests itself.

Run by hand when a model changes: golden.py NAME MODEL_FOLDER [EXPORTED] > ../quayside_nlp/golden/NAME.json
With a folder alone, in an environment with sentence-transformers (and so PyTorch). EXPORTED is the graph that PyTorch
exported of a model that is published in no other form; it is run as it is, in an environment with onnxruntime and
tokenizers, and the folder gives the tokenizer.
"""

import json
import sys
from pathlib import Path

# Longer than the model reads, so that a wrong truncation shows.
LONG = " ".join(
    f"Clause {n}: the tenant shall keep the harbour wall, its ladders and its mooring rings in good repair."
    for n in range(1, 40)
)
SENTENCES = [
    "Quayside keeps your documents on your own machine.",
    "How do I rotate the API token?",
    "The quick brown fox jumps over the lazy dog.",
    "The warranty does not cover damage caused by salt water.",
    "Damage from sea water is excluded from the guarantee.",
    "Invoice 2026-0417, due within 30 days, total 1,284.50 EUR.",
    "SELECT name, tonnage FROM ships WHERE flag = 'NO' ORDER BY tonnage DESC;",
    "def crc32(data: bytes) -> int: return zlib.crc32(data) & 0xFFFFFFFF",
    "Der Liegeplatz ist bis Freitag, 18 Uhr, zu räumen.",
    "La marée haute est attendue à 14 h 35 au Havre.",
    "港口的吊车每小时可以装卸三十个集装箱。",
    "Порт закрыт из-за шторма.",
    "Crème brûlée, naïve façade, Ångström — diacritics are folded.",
    "ok",
    "?!",
    "a",
    "https://example.com/manual.html#section-4.2",
    "Never leave the engine running while the hatch is open!\nClose it first.",
    "\u200bzero\u200bwidth and emoji 🚢⚓ in one line",
    LONG,
]

MAX_TOKENS = 256


def by_original(folder: str) -> tuple[list[list[float]], list[int]]:
    """Vectors and counts of word-pieces, by the code that the model was published with."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, device="cpu")
    vectors = model.encode(SENTENCES, normalize_embeddings=True, batch_size=1)
    pieces = [len(model.tokenizer(text, truncation=False, add_special_tokens=False)["input_ids"]) for text in SENTENCES]
    return [[float(value) for value in vector] for vector in vectors], pieces


def by_exported(folder: str, exported: str) -> tuple[list[list[float]], list[int]]:
    """The same by the exported graph, whose output of two axes and the model's width is the mean of the tokens."""
    import numpy as np
    import onnxruntime as ort
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    pieces = [len(tokenizer.encode(text, add_special_tokens=False).ids) for text in SENTENCES]
    tokenizer.enable_truncation(MAX_TOKENS)
    session = ort.InferenceSession(exported, providers=["CPUExecutionProvider"])
    vectors = []
    for text in SENTENCES:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        outputs = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        [pooled] = [value for value in outputs if value.dtype == np.float32 and value.ndim == 2]
        vectors.append((pooled[0] / np.linalg.norm(pooled[0])).tolist())
    return vectors, pieces


if __name__ == "__main__":
    name, rest = sys.argv[1], sys.argv[2:]
    vectors, pieces = by_exported(*rest) if len(rest) > 1 else by_original(*rest)
    entries = [
        # Four decimals move the cosine by less than 1e-6 and keep the file small.
        {"text": text, "tokens": count, "vector": [round(value, 4) for value in vector]}
        for text, count, vector in zip(SENTENCES, pieces, vectors, strict=True)
    ]
    json.dump({"model": f"sentence-transformers/{name}", "entries": entries}, sys.stdout, ensure_ascii=False)
    print()
