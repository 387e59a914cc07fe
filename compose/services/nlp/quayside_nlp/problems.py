"""Errors as RFC 9457 problem documents."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

TITLES = {
    401: "The token is missing or wrong",
    404: "There is nothing at this address",
    405: "This address does not take that method",
    411: "The request must say its length",
    413: "The request is too large",
    422: "The request cannot be understood",
    500: "Something went wrong inside the embedding service",
    503: "The embedding service cannot take this now",
}


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> ProblemResponse:
    """`code` is stable and for programs, `detail` is for people."""
    title = TITLES.get(status, "The request failed")
    body = {"type": f"urn:quayside:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    return ProblemResponse(body, status_code=status, headers=headers)


class ProblemError(Exception):
    """Raised in a route, answered as a problem document."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.response = problem(status, code, detail, headers)


async def on_problem(_: Request, error: Exception) -> ProblemResponse:
    if not isinstance(error, ProblemError):
        raise TypeError from error
    return error.response


async def on_http_error(_: Request, error: Exception) -> ProblemResponse:
    if not isinstance(error, HTTPException):
        raise TypeError from error
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "request-failed")
    return problem(error.status_code, code, str(error.detail), dict(error.headers or {}))


async def on_invalid(_: Request, error: Exception) -> ProblemResponse:
    """Says where the request is wrong, and never repeats what it held."""
    if not isinstance(error, RequestValidationError):
        raise TypeError from error
    where = [f"{'.'.join(str(part) for part in item['loc'][1:]) or 'body'}: {item['msg']}" for item in error.errors()]
    return problem(422, "invalid-request", "; ".join(where[:5]) or "The body is not valid.")
