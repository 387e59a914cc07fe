"""The two lanes of the queue, with a model whose runs are let through one by one."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from quayside_nlp.embedding_queue import URGENT_RUNS_IN_A_ROW, EmbeddingQueue, QueueFullError
from quayside_nlp.encoder import TOKENS_PER_RUN, Encoded, Vectors


class StepModel:
    """Embeds nothing: writes down whose run it was, and waits to be told to go on."""

    dim = 1

    def __init__(self) -> None:
        self.order: list[int] = []
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def embed(self, batch: list[Encoded]) -> Vectors:
        self.order.append(batch[0].ids[0])
        self.began.release()
        assert self.go.acquire(timeout=10)
        return np.zeros((len(batch), 1), dtype=np.float32)


def text(mark: int) -> Encoded:
    """One text that fills a run, so that every text is a run of its own."""
    return Encoded(ids=(mark,) * TOKENS_PER_RUN, tokens=TOKENS_PER_RUN)


@pytest.fixture
def model() -> StepModel:
    return StepModel()


@pytest.fixture
def queue(model: StepModel) -> Iterator[EmbeddingQueue]:
    queue = EmbeddingQueue(capacity=40)
    yield queue
    model.go.release(1000)
    queue.close()


def test_a_question_goes_before_all_that_is_read_in(model: StepModel, queue: EmbeddingQueue) -> None:
    ingest = [queue.submit(model, [text(1)] * 2, urgent=False) for _ in range(3)]
    assert model.began.acquire(timeout=10)
    question = queue.submit(model, [text(2)])
    model.go.release(2)
    question.result(timeout=10)
    # Only the run that was being computed came first, whoever else waited.
    assert model.order[:2] == [1, 2]
    model.go.release(5)
    for one in ingest:
        one.result(timeout=10)
    assert model.order == [1, 2, 1, 1, 1, 1, 1]


def test_questions_without_end_do_not_stop_ingestion(model: StepModel, queue: EmbeddingQueue) -> None:
    questions = queue.submit(model, [text(2)] * 25)
    assert model.began.acquire(timeout=10)
    ingest = queue.submit(model, [text(1)] * 2, urgent=False)
    model.go.release(100)
    ingest.result(timeout=10)
    questions.result(timeout=10)
    first = model.order.index(1)
    assert first == 1 + URGENT_RUNS_IN_A_ROW
    assert model.order.index(1, first + 1) == first + 1 + URGENT_RUNS_IN_A_ROW


def test_ingestion_never_takes_the_room_of_questions(model: StepModel, queue: EmbeddingQueue) -> None:
    queue.submit(model, [text(1)] * 30, urgent=False)
    assert model.began.acquire(timeout=10)
    with pytest.raises(QueueFullError):
        queue.submit(model, [text(1)], urgent=False)
    queue.submit(model, [text(2)] * 10)
    with pytest.raises(QueueFullError):
        queue.submit(model, [text(2)])


def test_a_request_larger_than_its_part_is_taken_when_nothing_waits(model: StepModel, queue: EmbeddingQueue) -> None:
    taken = queue.submit(model, [text(1)] * 35, urgent=False)
    model.go.release(35)
    taken.result(timeout=10)
