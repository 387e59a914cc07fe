"""Starts the service: `python -m quayside_nlp`."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Reads the settings, prepares the folder the workers share, runs until a signal. Exit code 2: a wrong setting."""
    shared = Path(tempfile.gettempdir()) / "quayside-nlp"
    shutil.rmtree(shared, ignore_errors=True)
    (shared / "ready").mkdir(parents=True)
    # prometheus_client looks at this when it is imported, and so do the workers, which inherit it.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared)

    import uvicorn

    from quayside_nlp.logs import set_up_logs
    from quayside_nlp.settings import SettingsError, read_settings

    set_up_logs()
    try:
        settings = read_settings()
    except SettingsError as error:
        import logging

        logging.getLogger("quayside.nlp").error(str(error))
        return 2
    # uvicorn ends gracefully and then raises the signal again: being asked to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Tokenising is a small part of the work: more threads for it would fight with the model's.
    os.environ.setdefault("RAYON_NUM_THREADS", str(settings.threads))
    uvicorn.run(
        "quayside_nlp.worker:create",
        factory=True,
        host="0.0.0.0",  # noqa: S104 - inside a container, behind a token
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
