import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import SECOND_MODEL
from fastapi.testclient import TestClient

from quayside_nlp import api
from quayside_nlp.api import create_app
from quayside_nlp.encoder import Encoded, Encoder, Vectors
from quayside_nlp.settings import DEFAULT_MODEL, Settings, SettingsError, read_settings


def test_embed_answers_unit_vectors_in_order(client: TestClient) -> None:
    answer = client.post("/v1/embed", json={"inputs": ["a much longer text than the other one", "ship"]}).json()
    assert answer["dim"] == 384
    assert answer["tokens"] == [8, 1]
    [again] = client.post("/v1/embed", json={"inputs": ["ship"]}).json()["vectors"]
    assert again == pytest.approx(answer["vectors"][1], abs=1e-5)
    assert sum(value * value for value in again) == pytest.approx(1, abs=1e-5)


def test_tokenize_counts_without_special_tokens(client: TestClient) -> None:
    counts = client.post("/v1/tokenize", json={"inputs": ["hello world", "", "word " * 1000]}).json()["counts"]
    assert counts == [2, 0, 1000]


def test_another_model_is_loaded_when_it_is_first_asked_for(client: TestClient) -> None:
    def loaded() -> dict[str, bool]:
        return {item["model"]: item["loaded"] for item in client.get("/v1/models").json()["items"]}

    assert loaded() == {DEFAULT_MODEL: True, SECOND_MODEL: False}
    first = client.post("/v1/embed", json={"inputs": ["ship"]}).json()
    second = client.post("/v1/embed", json={"inputs": ["ship"], "model": SECOND_MODEL}).json()
    assert (first["model"], second["model"]) == (DEFAULT_MODEL, SECOND_MODEL)
    assert second["dim"] == 384
    assert first["vectors"] != second["vectors"]
    assert loaded() == {DEFAULT_MODEL: True, SECOND_MODEL: True}
    assert client.post("/v1/tokenize", json={"inputs": ["a b"], "model": SECOND_MODEL}).json() == {"counts": [2]}
    refused = client.post("/v1/embed", json={"inputs": ["ship"], "model": "someone/else"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-model")


def test_many_who_ask_for_a_new_model_at_once_load_it_once(client: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        body = {"inputs": ["ship"], "model": SECOND_MODEL}
        answers = list(pool.map(lambda _: client.post("/v1/embed", json=body), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4


def test_health_tells_what_is_served(client: TestClient) -> None:
    answer = client.get("/health", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "dim": 384,
        "maxTokens": 256,
        "workers": 1,
        "detail": None,
    }


def test_metrics_count(client: TestClient) -> None:
    def texts() -> float:
        lines = client.get("/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith("rag_embedding_texts_total ")).split()[1])

    before = texts()
    client.post("/v1/embed", json={"inputs": ["one", "two"]})
    assert texts() == before + 2


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "test-token-0123456789", "Bearer \u00e4"])
@pytest.mark.parametrize("path", ["/v1/embed", "/v1/tokenize"])
def test_no_token_no_answer(client: TestClient, path: str, authorization: str) -> None:
    answer = client.post(path, json={"inputs": ["a"]}, headers={b"Authorization": authorization.encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "body",
    [
        '{"inputs": []}',
        '{"inputs": ["a", 3]}',
        '{"inputs": "a"}',
        "{}",
        "[]",
        "nonsense",
        "",
        '{"inputs": ["\\ud800"]}',
        '{"inputs": ["a"], "more": 1}',
        '{"inputs": [' + ",".join(['"a"'] * 257) + "]}",
        '{"inputs": ["' + "a" * (api.MAX_TEXT_CHARACTERS + 1) + '"]}',
    ],
)
def test_bad_bodies_are_problems_that_repeat_nothing(client: TestClient, body: str) -> None:
    answer = client.post("/v1/embed", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == 422
    assert len(problem["detail"]) < 1000
    assert "aaaa" not in problem["detail"]


def test_a_body_must_say_its_length_and_be_bounded(client: TestClient) -> None:
    assert client.post("/v1/embed", content=iter([b"{}"])).status_code == 411
    large = client.post("/v1/embed", content=b" " * (api.MAX_BODY_BYTES + 1))
    assert large.status_code == 413
    assert large.json()["code"] == "too-large"


def test_unknown_addresses_and_methods_are_problems(client: TestClient) -> None:
    assert client.get("/nope").json()["code"] == "not-found"
    assert client.get("/v1/embed").json()["code"] == "method-not-allowed"


def test_a_model_that_fails_its_self_test_is_never_served(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Encoder.embed
    monkeypatch.setattr(Encoder, "embed", lambda self, batch: real(self, batch)[:, ::-1])
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {settings.token}"}) as client:
        for _ in range(600):
            health = client.get("/health")
            assert health.status_code == 503
            if health.json()["status"] == "failed":
                break
        assert "self-test" in client.get("/health").json()["detail"]
        refused = client.post("/v1/embed", json={"inputs": ["a"]})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"


def test_a_full_queue_says_when_to_come_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = Encoder.embed

    def slow(self: Encoder, batch: list[Encoded]) -> Vectors:
        gate.wait(20)
        return real(self, batch)

    monkeypatch.setattr(Encoder, "embed", slow)
    with ThreadPoolExecutor(2) as pool:
        # The queue of the tests holds 512 texts: two requests fill it.
        waiting = [pool.submit(client.post, "/v1/embed", json={"inputs": ["a"] * 256}) for _ in range(2)]
        while "rag_embedding_queue_depth 512.0" not in client.get("/metrics").text:
            assert not any(one.done() for one in waiting)
        refused = client.post("/v1/embed", json={"inputs": ["b"]})
        gate.set()
        assert all(one.result().status_code == 200 for one in waiting)
    assert refused.status_code == 503
    assert refused.json()["code"] == "queue-full"
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def environment(model_root: Path, tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n", encoding="utf-8")
    return {"MODEL_ROOT": str(model_root), "NLP_TOKEN_FILE": str(token)}


def test_settings_have_defaults(model_root: Path, tmp_path: Path) -> None:
    settings = read_settings(environment(model_root, tmp_path))
    assert (settings.workers, settings.port, settings.token) == (1, 8000, "0123456789abcdef")
    assert settings.threads >= 1
    assert settings.models == (DEFAULT_MODEL, SECOND_MODEL)
    many = read_settings(environment(model_root, tmp_path) | {"MAX_WORKERS": "64"})
    assert replace(many, workers=1).threads == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MAX_WORKERS": "0"}, "MAX_WORKERS must be"),
        ({"MAX_WORKERS": "two"}, "MAX_WORKERS must be"),
        ({"MAX_WORKERS": "\u0661"}, "MAX_WORKERS must be"),
        ({"EMBEDDING_MODEL": "someone/else"}, "It holds: sentence-transformers/all-MiniLM-L6-v2"),
        ({"EMBEDDING_MODELS": f"{DEFAULT_MODEL}, someone/else"}, "EMBEDDING_MODELS is someone/else"),
        ({"NLP_TOKEN_FILE": ""}, "NLP_TOKEN_FILE is not set"),
        ({"NLP_TOKEN_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_settings_say_what_is_wrong(model_root: Path, tmp_path: Path, change: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_settings(environment(model_root, tmp_path) | change)


def test_a_lane_is_one_of_two(client: TestClient) -> None:
    for lane in ("query", "ingest"):
        assert client.post("/v1/embed", json={"inputs": ["a"], "lane": lane}).status_code == 200
    assert client.post("/v1/embed", json={"inputs": ["a"], "lane": "soon"}).status_code == 422
