"""The life of one worker: load the model, prove it, serve it."""

import logging
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from quayside_nlp import metrics
from quayside_nlp.embedding_queue import EmbeddingQueue
from quayside_nlp.encoder import Encoder
from quayside_nlp.problems import ProblemError
from quayside_nlp.self_test import run_self_test
from quayside_nlp.settings import Settings

log = logging.getLogger("quayside.nlp")


@dataclass(frozen=True, slots=True)
class Loaded:
    encoder: Encoder
    queue: EmbeddingQueue


class Service:
    """Holds the model once it is loaded and proven; until then `ready` refuses."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loaded: Loaded | None = None
        self._failure: str | None = None
        # Workers tell each other that they are ready by a file each, beside the shared figures.
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._ready_folder = Path(shared) / "ready" if shared else None

    def start(self) -> None:
        """Loads in the background and returns at once."""
        threading.Thread(target=self._load, name="load", daemon=True).start()

    def close(self) -> None:
        if self._ready_folder is not None:
            (self._ready_folder / str(os.getpid())).unlink(missing_ok=True)
        if self.loaded is not None:
            self.loaded.queue.close()

    def ready(self) -> Loaded:
        """The proven model. Raises a 503 problem while there is none."""
        if self.loaded is not None:
            return self.loaded
        metrics.ERRORS.labels("not_ready").inc()
        detail = self._failure or "The model is being loaded and tested."
        raise ProblemError(503, "not-ready", detail, {"Retry-After": "2"})

    def status(self) -> tuple[str, str | None]:
        """`healthy` once every worker passed its self-test, else `starting` or `failed` with the reason."""
        if self._failure is not None:
            return "failed", self._failure
        if self.loaded is None:
            return "starting", "The model is being loaded and tested."
        if self._ready_folder is not None:
            ready = sum(1 for _ in self._ready_folder.iterdir())
            if ready < self.settings.workers:
                return "starting", f"{ready} of {self.settings.workers} workers are ready."
        return "healthy", None

    def _load(self) -> None:
        started = time.perf_counter()
        try:
            encoder = Encoder(self.settings.model_folder, self.settings.threads)
            result = run_self_test(encoder, self.settings.model)
            if self._ready_folder is not None:
                self._ready_folder.mkdir(parents=True, exist_ok=True)
                (self._ready_folder / str(os.getpid())).touch()
        except Exception as error:
            self._failure = f"The self-test failed: {error}"
            log.exception("the model cannot be served")
            return
        self.loaded = Loaded(encoder, EmbeddingQueue(encoder, self.settings.queue_texts))
        metrics.READY.set(1)
        log.info(
            "model ready",
            extra={
                "model": self.settings.model,
                "threads": self.settings.threads,
                "sentences": result.sentences,
                "leastCosine": round(result.least_cosine, 6),
                "durationMs": round((time.perf_counter() - started) * 1000),
            },
        )
