"""The service's own figures. PROMETHEUS_MULTIPROC_DIR is set before this is imported, so that workers add up."""

import os

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

BATCH_SIZE = Histogram(
    "rag_embedding_batch_size", "Texts in one run of the model", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
COMPUTE_SECONDS = Histogram(
    "rag_embedding_duration_seconds",
    "Time of one run of the model",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
QUEUE_DEPTH = Gauge("rag_embedding_queue_depth", "Texts that wait or run", multiprocess_mode="livesum")
ERRORS = Counter("rag_embedding_errors_total", "Requests refused or failed", ["reason"])
TEXTS = Counter("rag_embedding_texts_total", "Texts turned into vectors")
TOKENS = Counter("rag_embedding_tokens_total", "Tokens read, special ones included")
READY = Gauge("rag_nlp_ready_workers", "Workers whose self-test passed", multiprocess_mode="livesum")
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
for reason in ("queue_full", "not_ready", "invalid", "unauthorized", "internal"):
    ERRORS.labels(reason)


def render() -> bytes:
    """All workers' figures in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
