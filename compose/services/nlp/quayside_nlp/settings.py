"""What the service is told from outside, read once at start."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    model: str
    """Name of the model that is loaded at the start and answers where none is named: owner/name."""
    models: tuple[str, ...]
    """All that may be asked for, `model` among them. The others are loaded when they are first asked for."""
    model_root: Path
    """Holds model.onnx, tokenizer.json and encoder.json of each model under its name."""
    token: str
    """The bearer token that /v1 asks for."""
    workers: int
    threads: int
    """Compute threads per worker: cores shared out among the workers, at least 1."""
    port: int
    queue_texts: int
    """How many texts may wait in one worker before it answers 503."""


def available_cores() -> int:
    """Cores this container may use: its affinity, or its CPU quota rounded up where that is less; at least 1."""
    cores = len(os.sched_getaffinity(0))
    quota = _cgroup_quota()
    return max(1, min(cores, -int(-quota // 1))) if quota else max(1, cores)


def read_settings(env: dict[str, str] | None = None) -> Settings:
    """Reads the environment. Raises SettingsError with words for whoever set it up."""
    values = dict(os.environ) if env is None else env
    model = values.get("EMBEDDING_MODEL") or DEFAULT_MODEL
    root = Path(values.get("MODEL_ROOT") or "/models")
    held = _models(root)
    named = [name.strip() for name in (values.get("EMBEDDING_MODELS") or "").split(",") if name.strip()]
    for setting, name in [("EMBEDDING_MODEL", model), *(("EMBEDDING_MODELS", name) for name in named)]:
        if name not in held:
            raise SettingsError(
                f"{setting} is {name}, but this image does not hold it. It holds: {', '.join(held) or 'none'}."
            )
    workers = _number(values, "MAX_WORKERS", 1, 1, 64)
    return Settings(
        model=model,
        models=tuple(dict.fromkeys([model, *(named or held)])),
        model_root=root,
        token=_token(values),
        workers=workers,
        threads=max(1, available_cores() // workers),
        port=_number(values, "PORT", 8000, 1, 65535),
        queue_texts=_number(values, "QUEUE_TEXTS", 2048, 256, 1_000_000),
    )


def _token(values: dict[str, str]) -> str:
    path = values.get("NLP_TOKEN_FILE")
    if not path:
        raise SettingsError("NLP_TOKEN_FILE is not set: it names the file with the token that callers must send.")
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"NLP_TOKEN_FILE cannot be read: {error.strerror} ({path}).") from error
    if len(token) < 16:
        raise SettingsError("The token in NLP_TOKEN_FILE is shorter than 16 characters.")
    return token


def _number(values: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    text = values.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(f'{name} must be a whole number from {low} to {high}, not "{text[:40]}".')
    return int(text)


def _models(root: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(root)) for path in root.glob("*/*/model.onnx"))


def _cgroup_quota() -> float | None:
    """CPU quota in cores, of cgroup v2 or v1; None when there is none."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        quota_us = int(Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").read_text())
        period_us = int(Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us").read_text())
        return quota_us / period_us if quota_us > 0 else None
    except (OSError, ValueError):
        return None
