"""The life of one worker: load the models, prove them, serve them."""

import logging
import os
import threading
import time
from pathlib import Path

from quayside_nlp import metrics
from quayside_nlp.embedding_queue import EmbeddingQueue
from quayside_nlp.encoder import Encoder
from quayside_nlp.problems import ProblemError
from quayside_nlp.self_test import run_self_test
from quayside_nlp.settings import Settings

log = logging.getLogger("quayside.nlp")


class Service:
    """Holds each model once it is loaded and proven. The first is loaded at the start, the others when asked for.

    All models share one queue, so that a question in one of them goes before documents in another.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.queue = EmbeddingQueue(settings.queue_texts)
        self._proven: dict[str, Encoder] = {}
        self._failures: dict[str, str] = {}
        self._loading = {model: threading.Lock() for model in settings.models}
        # Workers tell each other that they are ready by a file each, beside the shared figures.
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._ready_folder = Path(shared) / "ready" if shared else None

    def start(self) -> None:
        """Loads the first model in the background and returns at once."""
        threading.Thread(target=self._load, args=(self.settings.model,), name="load", daemon=True).start()

    def close(self) -> None:
        if self._ready_folder is not None:
            (self._ready_folder / str(os.getpid())).unlink(missing_ok=True)
        self.queue.close()

    def loaded(self, model: str) -> Encoder | None:
        return self._proven.get(model)

    def ready(self, model: str | None) -> Encoder:
        """The proven model of this name; blocks while it is loaded for the first time.

        Raises a 422 problem for a model that is not offered, a 503 problem for one that is not proven.
        """
        name = model or self.settings.model
        if (encoder := self._proven.get(name)) is not None:
            return encoder
        if name not in self._loading:
            offered = ", ".join(self.settings.models)
            raise ProblemError(422, "unknown-model", f"This service does not offer that model. It offers: {offered}.")
        if name != self.settings.model:
            self._load(name)
            if (encoder := self._proven.get(name)) is not None:
                return encoder
        metrics.ERRORS.labels("not_ready").inc()
        detail = self._failures.get(name) or "The model is being loaded and tested."
        raise ProblemError(503, "not-ready", detail, {"Retry-After": "2"})

    def status(self) -> tuple[str, str | None]:
        """`healthy` once every worker has proven the first model, else `starting` or `failed` with the reason."""
        failure = self._failures.get(self.settings.model)
        if failure is not None:
            return "failed", failure
        if self.settings.model not in self._proven:
            return "starting", "The model is being loaded and tested."
        if self._ready_folder is not None:
            ready = sum(1 for _ in self._ready_folder.iterdir())
            if ready < self.settings.workers:
                return "starting", f"{ready} of {self.settings.workers} workers are ready."
        return "healthy", None

    def _load(self, model: str) -> None:
        with self._loading[model]:
            # Whoever waited for the lock finds it done; what failed once fails again.
            if model in self._proven or model in self._failures:
                return
            started = time.perf_counter()
            try:
                encoder = Encoder(self.settings.model_root / model, self.settings.threads)
                result = run_self_test(encoder, model)
                if model == self.settings.model and self._ready_folder is not None:
                    self._ready_folder.mkdir(parents=True, exist_ok=True)
                    (self._ready_folder / str(os.getpid())).touch()
            except Exception as error:
                self._failures[model] = f"The self-test failed: {error}"
                log.exception("the model cannot be served", extra={"model": model})
                return
            self._proven[model] = encoder
        if model == self.settings.model:
            metrics.READY.set(1)
        log.info(
            "model ready",
            extra={
                "model": model,
                "threads": self.settings.threads,
                "sentences": result.sentences,
                "leastCosine": round(result.least_cosine, 6),
                "durationMs": round((time.perf_counter() - started) * 1000),
            },
        )
