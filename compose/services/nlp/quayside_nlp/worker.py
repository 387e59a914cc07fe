"""What uvicorn loads in each worker process."""

from fastapi import FastAPI

from quayside_nlp.api import create_app
from quayside_nlp.logs import set_up_logs


def create() -> FastAPI:
    set_up_logs()
    return create_app()
