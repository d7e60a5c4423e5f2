"""A real llama-server, for engines that ask one: llama.cpp's own HTTP listener, in this process."""

import importlib
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

_binding: Final[Any] = importlib.import_module("xllamacpp")


@dataclass(frozen=True, kw_only=True)
class LlamaServer:
    """Where it listens, and the file that holds its key."""

    url: str
    key_file: Path


@contextmanager
def llama_server(model: Path, directory: Path, *, context: int = 1024) -> Generator[LlamaServer]:
    """Serves the model until the block ends, as `llama-server --api-key` does."""
    params = _binding.CommonParams()
    params.model.path = str(model)
    params.n_ctx, params.n_parallel = context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup, params.ui, params.verbosity = False, False, -1
    params.api_keys = [secrets.token_urlsafe(32)]
    server = _binding.Server(params)
    key_file = directory / "llama-server-key"
    key_file.write_text(params.api_keys[0], encoding="utf-8")
    url = str(server.listening_address)
    address = urlsplit(url)
    door = HTTPConnection(address.hostname or "", address.port)
    # Freed before its loop turns, the server would wait for ever: a first word proves that it does.
    headers = {"Authorization": f"Bearer {params.api_keys[0]}", "Content-Type": "application/json"}
    door.request("POST", "/v1/completions", b'{"prompt":"a","max_tokens":1}', headers)
    assert door.getresponse().read()
    door.close()
    yield LlamaServer(url=url, key_file=key_file)
