"""Makes golden.json: what the original model answers for 20 sentences, against which the service tests itself.

Run by hand when the model changes, in an environment with sentence-transformers (and so PyTorch):
golden.py MODEL_FOLDER > ../quayside_nlp/golden.json
"""

import json
import sys

from sentence_transformers import SentenceTransformer

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

if __name__ == "__main__":
    model = SentenceTransformer(sys.argv[1], device="cpu")
    vectors = model.encode(SENTENCES, normalize_embeddings=True, batch_size=1)
    pieces = [len(model.tokenizer(text, truncation=False, add_special_tokens=False)["input_ids"]) for text in SENTENCES]
    entries = [
        # Four decimals move the cosine by less than 1e-6 and keep the file small.
        {"text": text, "tokens": count, "vector": [round(float(value), 4) for value in vector]}
        for text, count, vector in zip(SENTENCES, pieces, vectors, strict=True)
    ]
    json.dump({"model": "sentence-transformers/all-MiniLM-L6-v2", "entries": entries}, sys.stdout, ensure_ascii=False)
    print()
