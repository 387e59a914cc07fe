"""One compute thread per worker behind a bounded queue of two lanes.

What is urgent (a question) goes before what is not (a document being read in), and waits for at most the one run that
is being computed. Within a lane requests take turns run by run. A part of the room is kept for what is urgent, so that
ingestion never fills the queue; of ten runs in a row one is for what waits, so that questions never stop ingestion.
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
    encoder: Encoder
    texts: list[Encoded]
    runs: deque[list[int]]
    vectors: Vectors
    urgent: bool
    future: Future[Vectors] = field(default_factory=Future)


URGENT_RUNS_IN_A_ROW = 9
RESERVED_SHARE = 0.25
"""Of the capacity, for urgent texts only."""


class EmbeddingQueue:
    """Takes whole requests for any model, answers futures. `close` ends the thread; what still waits is cancelled."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._urgent: deque[_Job] = deque()
        self._patient: deque[_Job] = deque()
        self._urgent_in_a_row = 0
        self._waiting = 0
        self._closed = False
        self._changed = threading.Condition()
        self._texts_per_s = 50.0
        self._thread = threading.Thread(target=self._work, name="embedding", daemon=True)
        self._thread.start()

    def submit(self, encoder: Encoder, texts: list[Encoded], *, urgent: bool = True) -> Future[Vectors]:
        """Answers a future of float32 [n, dim]; cancelling it drops the runs not yet begun. Raises QueueFullError."""
        runs = deque(into_runs(texts))
        job = _Job(encoder, texts, runs, np.empty((len(texts), encoder.dim), dtype=np.float32), urgent)
        capacity = self._capacity if urgent else int(self._capacity * (1 - RESERVED_SHARE))
        with self._changed:
            if self._closed:
                raise QueueFullError(1)
            # A request larger than the part for its lane is taken when nothing else waits, or it never would be.
            if self._waiting and self._waiting + len(texts) > capacity:
                excess = self._waiting + len(texts) - capacity
                raise QueueFullError(max(1, min(60, round(excess / self._texts_per_s))))
            if not runs:
                job.future.set_result(job.vectors)
                return job.future
            self._waiting += len(texts)
            QUEUE_DEPTH.set(self._waiting)
            self._lane(job).append(job)
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
                job.vectors[run] = job.encoder.embed(batch)
            except Exception as error:
                self._settle(len(run) + sum(len(rest) for rest in job.runs))
                if not job.future.cancelled():
                    job.future.set_exception(error)
                continue
            self._measure(batch, time.perf_counter() - started)
            self._settle(len(run))
            if job.runs:
                with self._changed:
                    self._lane(job).append(job)
            elif job.future.set_running_or_notify_cancel():
                job.future.set_result(job.vectors)

    def _next(self) -> _Job | None:
        with self._changed:
            while not self._urgent and not self._patient and not self._closed:
                self._changed.wait()
            if self._closed:
                for job in (*self._urgent, *self._patient):
                    job.future.cancel()
                return None
            turn_of_patient = not self._urgent or self._urgent_in_a_row >= URGENT_RUNS_IN_A_ROW
            if self._patient and turn_of_patient:
                self._urgent_in_a_row = 0
                return self._patient.popleft()
            # What runs while nothing waits takes nothing from anybody.
            self._urgent_in_a_row = self._urgent_in_a_row + 1 if self._patient else 0
            return self._urgent.popleft()

    def _lane(self, job: _Job) -> deque[_Job]:
        return self._urgent if job.urgent else self._patient

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
