"""The HTTP interface: POST /v1/embed, POST /v1/tokenize, GET /v1/models, GET /health, GET /metrics."""

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import orjson
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from quayside_nlp import metrics
from quayside_nlp.embedding_queue import QueueFullError
from quayside_nlp.encoder import describe
from quayside_nlp.problems import ProblemError, on_http_error, on_invalid, on_problem, problem
from quayside_nlp.service import Service
from quayside_nlp.settings import Settings, read_settings

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_TEXT_CHARACTERS = 100_000

log = logging.getLogger("quayside.nlp")


class Texts(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    inputs: Annotated[
        list[Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARACTERS)]], Field(min_length=1, max_length=256)
    ]
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Which one; without it the one that EMBEDDING_MODEL names."""


class TextsToEmbed(Texts):
    lane: Literal["query", "ingest"] = "query"
    """Documents being read in (`ingest`) wait for questions, for which somebody is waiting."""


class Counts(BaseModel):
    counts: list[int]
    """Word-pieces of each text without special tokens, in order."""


class Model(BaseModel):
    model: str
    dim: int
    maxTokens: int  # noqa: N815 - the name on the wire
    loaded: bool
    """By the worker that answers; another may have it although this one does not."""


class Models(BaseModel):
    items: list[Model]


class Health(BaseModel):
    status: str
    """healthy | starting | failed"""
    model: str
    dim: int | None
    maxTokens: int | None  # noqa: N815 - the name on the wire
    workers: int
    detail: str | None = None


def create_app(settings: Settings | None = None) -> FastAPI:
    """Builds the application of one worker; the model loads in the background while /health already answers."""
    service = Service(settings or read_settings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(title="Quayside NLP", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.middleware("http")(_observe)
    _add_routes(app, service)
    return app


def _add_routes(app: FastAPI, service: Service) -> None:
    expected = f"Bearer {service.settings.token}".encode()

    def authorised(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode("utf-8", "surrogateescape"), expected):
            metrics.ERRORS.labels("unauthorized").inc()
            headers = {"WWW-Authenticate": "Bearer"}
            raise ProblemError(401, "unauthorized", "Send the token of this service as a bearer token.", headers)

    # The health probe and Prometheus need no token: what they read tells nothing of any text.
    guarded = [Depends(authorised)]

    @app.post("/v1/embed", dependencies=guarded)
    async def embed(body: TextsToEmbed) -> Response:
        """Unit vectors of all texts, in order; `tokens` tells which were longer than the model reads."""
        name = body.model or service.settings.model
        encoder = service.loaded(name)
        if encoder is None:
            encoder = await asyncio.to_thread(service.ready, name)
        encoded = await asyncio.to_thread(encoder.encode, body.inputs)
        try:
            future = service.queue.submit(encoder, encoded, urgent=body.lane == "query")
        except QueueFullError as error:
            metrics.ERRORS.labels("queue_full").inc()
            headers = {"Retry-After": str(error.retry_after_s)}
            raise ProblemError(503, "queue-full", "Too many texts wait to be embedded.", headers) from error
        vectors = await asyncio.wrap_future(future)
        answer = {
            "model": name,
            "dim": encoder.dim,
            "vectors": vectors,
            "tokens": [item.tokens for item in encoded],
        }
        # orjson writes the array itself: a list of 98,304 Python floats would cost more than the answer.
        return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")

    @app.post("/v1/tokenize", dependencies=guarded)
    async def tokenize(body: Texts) -> Counts:
        return Counts(counts=await asyncio.to_thread(lambda: service.ready(body.model).count(body.inputs)))

    @app.get("/v1/models", dependencies=guarded)
    async def models() -> Models:
        items = []
        for name in service.settings.models:
            dim, max_tokens = describe(service.settings.model_root / name)
            items.append(Model(model=name, dim=dim, maxTokens=max_tokens, loaded=service.loaded(name) is not None))
        return Models(items=items)

    @app.get("/health", responses={503: {"model": Health}})
    async def health(response: Response) -> Health:
        status, detail = service.status()
        response.status_code = 200 if status == "healthy" else 503
        encoder = service.loaded(service.settings.model)
        return Health(
            status=status,
            model=service.settings.model,
            dim=encoder.dim if encoder else None,
            maxTokens=encoder.max_tokens if encoder else None,
            workers=service.settings.workers,
            detail=detail,
        )

    @app.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _observe(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Bounds the body, measures, writes the access line, and answers what nobody caught as a problem."""
    started = time.perf_counter()
    refused = _refuse_body(request)
    if refused is not None:
        response: Response = refused
    else:
        try:
            response = await call_next(request)
        except Exception:
            log.exception("unexpected error", extra={"path": request.url.path})
            metrics.ERRORS.labels("internal").inc()
            response = problem(500, "internal", "The log of this service says more.")
    if response.status_code in (413, 411, 422):
        metrics.ERRORS.labels("invalid").inc()
    seconds = time.perf_counter() - started
    route = getattr(request.scope.get("route"), "path", "other")
    if route not in ("/health", "/metrics"):
        metrics.REQUEST_SECONDS.labels(request.method, route, str(response.status_code)).observe(seconds)
        fields = {"method": request.method, "route": route, "status": response.status_code}
        log.info("request", extra={**fields, "durationMs": round(seconds * 1000, 1)})
    return response


def _refuse_body(request: Request) -> Response | None:
    if request.method not in ("POST", "PUT", "PATCH"):
        return None
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        return problem(411, "length-required", "Send the body with a Content-Length.")
    if int(length) > MAX_BODY_BYTES:
        return problem(413, "too-large", f"A request holds at most {MAX_BODY_BYTES // 1024 // 1024} MiB.")
    return None
