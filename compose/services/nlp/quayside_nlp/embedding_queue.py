"""One compute thread per worker behind a bounded queue.

Requests take turns run by run, so that a question of one sentence waits for at most one run of a large ingestion.
"""

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from quayside_nlp.encoder import Encoded, Encoder, Vectors, into_runs
from quayside_nlp.metrics import BATCH_SIZE, COMPUTE_SECONDS, QUEUE_DEPTH, TEXTS, TOKENS


class QueueFullError(Exception):
    """Too many texts wait. `retry_after_s`: whole seconds until there should be room, 1 to 60."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(slots=True, eq=False)
class _Job:
    texts: list[Encoded]
    runs: deque[list[int]]
    vectors: Vectors
    future: Future[Vectors] = field(default_factory=Future)


class EmbeddingQueue:
    """Takes whole requests, answers futures. `close` ends the thread; what still waits is cancelled."""

    def __init__(self, encoder: Encoder, capacity: int) -> None:
        self._encoder = encoder
        self._capacity = capacity
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._closed = False
        self._changed = threading.Condition()
        self._texts_per_s = 50.0
        self._thread = threading.Thread(target=self._work, name="embedding", daemon=True)
        self._thread.start()

    def submit(self, texts: list[Encoded]) -> Future[Vectors]:
        """Answers a future of float32 [n, dim]; cancelling it drops the runs not yet begun. Raises QueueFullError."""
        runs = deque(into_runs(texts))
        job = _Job(texts, runs, np.empty((len(texts), self._encoder.dim), dtype=np.float32))
        with self._changed:
            if self._closed:
                raise QueueFullError(1)
            if self._waiting + len(texts) > self._capacity:
                excess = self._waiting + len(texts) - self._capacity
                raise QueueFullError(max(1, min(60, round(excess / self._texts_per_s))))
            if not runs:
                job.future.set_result(job.vectors)
                return job.future
            self._waiting += len(texts)
            QUEUE_DEPTH.set(self._waiting)
            self._jobs.append(job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            run = job.runs.popleft()
            if job.future.cancelled():
                self._settle(len(run) + sum(len(rest) for rest in job.runs))
                continue
            batch = [job.texts[index] for index in run]
            started = time.perf_counter()
            # Whatever the runtime throws belongs to this request alone.
            try:
                job.vectors[run] = self._encoder.embed(batch)
            except Exception as error:
                self._settle(len(run) + sum(len(rest) for rest in job.runs))
                if not job.future.cancelled():
                    job.future.set_exception(error)
                continue
            self._measure(batch, time.perf_counter() - started)
            self._settle(len(run))
            if job.runs:
                with self._changed:
                    self._jobs.append(job)
            elif job.future.set_running_or_notify_cancel():
                job.future.set_result(job.vectors)

    def _next(self) -> _Job | None:
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            if self._closed:
                for job in self._jobs:
                    job.future.cancel()
                return None
            return self._jobs.popleft()

    def _settle(self, count: int) -> None:
        with self._changed:
            self._waiting -= count
            QUEUE_DEPTH.set(self._waiting)

    def _measure(self, batch: list[Encoded], seconds: float) -> None:
        BATCH_SIZE.observe(len(batch))
        COMPUTE_SECONDS.observe(seconds)
        TEXTS.inc(len(batch))
        TOKENS.inc(sum(len(item.ids) for item in batch))
        # A moving mean: only the hint in Retry-After hangs on it.
        self._texts_per_s += 0.1 * (len(batch) / max(seconds, 1e-4) - self._texts_per_s)
