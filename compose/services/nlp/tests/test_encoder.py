import json
from pathlib import Path

import numpy as np
import pytest
from conftest import SECOND_MODEL

from quayside_nlp.encoder import TOKENS_PER_RUN, Encoded, Encoder, into_runs
from quayside_nlp.self_test import SelfTestError, golden_of, run_self_test
from quayside_nlp.settings import DEFAULT_MODEL


def test_vectors_are_those_of_the_original(encoder: Encoder) -> None:
    result = run_self_test(encoder, DEFAULT_MODEL)
    assert result.sentences == 20
    # Far above the 0.99 that is asked for: same weights, same precision, four decimals in the file.
    assert result.least_cosine > 0.99999


def test_the_second_model_is_another_one_and_answers_like_its_original(
    encoder: Encoder, second_encoder: Encoder
) -> None:
    result = run_self_test(second_encoder, SECOND_MODEL)
    assert result.sentences == 20
    assert result.least_cosine > 0.999
    # Vectors of the two do not fit each other: a question in one finds little among the other's.
    text = "Quayside keeps your documents on your own machine."
    mixed = encoder.embed(encoder.encode([text])) @ second_encoder.embed(second_encoder.encode([text])).T
    assert float(mixed[0, 0]) < 0.6


def test_self_test_fails_on_one_wrong_vector(encoder: Encoder, tmp_path: Path) -> None:
    golden = json.loads(golden_of(DEFAULT_MODEL).read_text(encoding="utf-8"))
    golden["entries"][7]["vector"].reverse()
    broken = golden_of(DEFAULT_MODEL, tmp_path)
    broken.write_text(json.dumps(golden), encoding="utf-8")
    with pytest.raises(SelfTestError, match=r"below 0\.99"):
        run_self_test(encoder, DEFAULT_MODEL, tmp_path)


def test_self_test_fails_on_a_wrong_count_and_an_unknown_model(encoder: Encoder, tmp_path: Path) -> None:
    golden = json.loads(golden_of(DEFAULT_MODEL).read_text(encoding="utf-8"))
    golden["entries"][0]["tokens"] += 1
    broken = golden_of(DEFAULT_MODEL, tmp_path)
    broken.write_text(json.dumps(golden), encoding="utf-8")
    with pytest.raises(SelfTestError, match="word-pieces"):
        run_self_test(encoder, DEFAULT_MODEL, tmp_path)
    with pytest.raises(SelfTestError, match="no golden vectors"):
        run_self_test(encoder, "someone/else")


def test_a_text_is_cut_at_256_word_pieces_and_counted_whole(encoder: Encoder) -> None:
    [fits, cut, longer] = encoder.encode(["a " * 254, "a " * 255, "a " * 254 + "zebra " * 100])
    assert (len(fits.ids), fits.tokens) == (256, 254)
    assert (len(cut.ids), cut.tokens) == (256, 255)
    assert cut.ids == fits.ids
    # What is beyond the limit changes nothing.
    vectors = encoder.embed([fits, longer])
    assert longer.tokens > 254
    assert float(vectors[0] @ vectors[1]) == pytest.approx(1, abs=1e-5)
    assert encoder.count(["a " * 255, ""]) == [255, 0]


def test_a_vector_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    short, long = encoder.encode(["harbour", "the harbour wall and its mooring rings " * 20])
    alone, together = encoder.embed([short]), encoder.embed([short, long])
    assert np.allclose(alone[0], together[0], atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_nothing_gives_an_empty_array(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, 384)
    assert into_runs([]) == []


def test_runs_hold_each_text_once_and_stay_within_bounds() -> None:
    texts = [Encoded(ids=tuple(range(2 + (n * 37) % 255)), tokens=0) for n in range(256)]
    runs = into_runs(texts)
    assert sorted(index for run in runs for index in run) == list(range(256))
    for run in runs:
        width = max(len(texts[index].ids) for index in run)
        assert len(run) == 1 or len(run) * width <= TOKENS_PER_RUN
    real = sum(len(text.ids) for text in texts)
    padded = sum(len(run) * max(len(texts[index].ids) for index in run) for run in runs)
    assert padded < 1.1 * real


def test_the_runtime_holds_no_client_that_reports() -> None:
    import onnxruntime.capi as capi

    libraries = list(Path(capi.__path__[0]).glob("*.so*"))
    assert libraries
    for library in libraries:
        assert b"OneCollector" not in library.read_bytes(), f"{library.name} carries a telemetry client"
