"""The edge of llama.cpp, in process, through the package xllamacpp, which has no types: all that is used of it."""

import os
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Protocol, cast

# llama.cpp's threads meet some hundred times a token, and libgomp, which reads this when it is loaded, lets them spin
# until all are there. Where something else keeps a core busy - our own speech workers do - a long spin waits for a
# thread that waits for the core: 2 tokens a second were seen, and 30 to 40 with a short one. Idle, both decode 110.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import msgspec
import xllamacpp

from rhapsode.core.errors import EngineError
from rhapsode.engines.chat.bridge import NATIVE_ERRORS, Listener

_CACHE_MIB: Final = 512
"""Memory for the evaluated prompts of conversations that are in no slot: SmolLM2-135M takes 22 KiB a token."""

_PATIENCE: Final = 60.0
"""seconds for the answer of a listener that may be starved by its own model"""


POOLINGS: Final = {
    "": "LLAMA_POOLING_TYPE_UNSPECIFIED",
    "mean": "LLAMA_POOLING_TYPE_MEAN",
    "cls": "LLAMA_POOLING_TYPE_CLS",
    "last": "LLAMA_POOLING_TYPE_LAST",
}
"""How the vectors of a text's tokens become one; empty for what the model's file says."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a loaded model may use: `context` tokens in each of `slots`, `batch` tokens evaluated at a time.

    A model for embeddings evaluates whole texts, and its `batch` is not looked at.
    """

    slots: int
    context: int
    batch: int
    threads: int


class NativeServer:
    """A loaded model. The last reference to it gone, it is freed, which blocks for a moment."""

    def __init__(self, server: "_Server", *, key: str) -> None:
        self._server = server
        self._key = key

    @property
    def listening_address(self) -> str:
        """Where its own HTTP listener is: llama.cpp always opens one, on the loopback address."""
        return self._server.listening_address

    def handle_chat_completions(self, body: bytes, listener: Listener, /) -> None:
        """Blocks until the reply has ended; each chunk goes to the listener. Blanks that it begins with are lost."""
        self._server.handle_chat_completions(body, listener)

    def handle_completions(self, body: bytes, listener: Listener, /) -> None:
        """The same for a prompt that is a text; nothing is lost."""
        self._server.handle_completions(body, listener)

    def render(self, body: bytes, /) -> str:
        """The prompt that the messages of `body`, a chat completion's, become. Raises `EngineError`.

        The binding has no call for it, llama.cpp's listener has.
        """
        door = HTTPConnection(self.listening_address.removeprefix("http://"), timeout=_PATIENCE)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            door.request("POST", "/apply-template", body, headers)
            answer = door.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as fault:
            raise EngineError("llama.cpp does not answer what a prompt looks like") from fault
        finally:
            door.close()
        if answer.status != HTTPStatus.OK:
            raise EngineError(f"llama.cpp cannot put the messages into the chat template: {answer.status}")
        return msgspec.json.decode(content, type=_Rendered).prompt


class _Rendered(msgspec.Struct):
    prompt: str


class NativeEmbedder(Protocol):
    """A loaded model that makes vectors of texts. Freed as a `NativeServer` is."""

    def handle_embeddings(self, body: bytes, /) -> bytes:
        """Blocks until all vectors are there; other threads run meanwhile. Faults are told in the answer."""
        ...


class _Server(NativeEmbedder, Protocol):
    """What the binding makes of either kind of model."""

    @property
    def listening_address(self) -> str: ...
    def handle_chat_completions(self, body: bytes, callback: Listener, /) -> None: ...
    def handle_completions(self, body: bytes, callback: Listener, /) -> None: ...
    def handle_metrics(self) -> bytes: ...


class _ModelFile(Protocol):
    path: str


class _Processor(Protocol):
    n_threads: int


class _Params(Protocol):
    """The settings of llama.cpp that are not left as they are."""

    model: _ModelFile
    kv_unified: bool
    kv_unified_per_slot: int
    n_parallel: int
    n_ctx: int
    n_batch: int
    n_ubatch: int
    cpuparams: _Processor
    cpuparams_batch: _Processor
    cache_ram_mib: int
    warmup: bool
    chat_template: str
    force_pure_content_parser: bool
    enable_reasoning: int
    prefill_assistant: bool
    api_keys: list[str]
    ui: bool
    endpoint_slots: bool
    endpoint_props: bool
    endpoint_metrics: bool
    cors_origins: str
    n_threads_http: int
    verbosity: int
    flash_attn_type: object
    embedding: bool
    pooling_type: object


class _Attention(Protocol):
    LLAMA_FLASH_ATTN_TYPE_AUTO: object
    LLAMA_FLASH_ATTN_TYPE_DISABLED: object


class _DeviceType(Protocol):
    GGML_BACKEND_DEVICE_TYPE_CPU: object
    GGML_BACKEND_DEVICE_TYPE_ACCEL: object


class _Binding(Protocol):
    llama_flash_attn_type: _Attention
    ggml_backend_dev_type: _DeviceType
    llama_pooling_type: object

    def get_device_info(self) -> list[dict[str, object]]: ...
    def CommonParams(self) -> _Params: ...  # noqa: N802 - the binding's name
    def Server(self, params: _Params, /) -> "_Server": ...  # noqa: N802


_binding: Final = cast("_Binding", xllamacpp)


def load(path: Path, size: Size, *, template: str) -> NativeServer:
    """Blocks for a second or more. `template` is Jinja; empty for the model's own. Raises `EngineError`."""
    params = _params(path, size)
    params.n_batch = params.n_ubatch = size.batch
    params.cache_ram_mib = _CACHE_MIB
    params.chat_template = template
    # The reply is what the model writes, whole: nothing is taken for a tool call or for thoughts.
    params.force_pure_content_parser = True
    params.enable_reasoning = 0
    params.prefill_assistant = False
    try:
        return NativeServer(_started(params), key=params.api_keys[0])
    except NATIVE_ERRORS as error:
        raise _cannot_load(path, size) from error


def load_embedder(path: Path, size: Size, *, pooling: str) -> NativeEmbedder:
    """Blocks for a second or more. `pooling` is one of `POOLINGS`. Raises `EngineError`."""
    params = _params(path, size)
    params.embedding = True
    params.pooling_type = getattr(_binding.llama_pooling_type, POOLINGS[pooling])
    # Attention over a whole text, as these models have it, cannot be evaluated in parts.
    params.n_batch = params.n_ubatch = size.context
    params.cache_ram_mib = 0
    try:
        return _started(params)
    except NATIVE_ERRORS as error:
        raise _cannot_load(path, size) from error


def _started(params: _Params) -> _Server:
    """A server whose loop turns.

    When it is made, its thread is perhaps not yet in its loop. Freed in that moment it would never hear of it, and the
    destructor would wait for ever, holding the GIL. Its figures come out of the loop, whatever kind of model it has.
    """
    server = _binding.Server(params)
    server.handle_metrics()
    return server


def _params(path: Path, size: Size) -> _Params:
    """What both kinds of model are loaded with."""
    params = _binding.CommonParams()
    params.model.path = str(path)
    # One pool of cells that all slots share. It must hold every slot's whole context: when it overflows, llama.cpp
    # ends every reply under way.
    params.kv_unified = True
    params.n_parallel = size.slots
    params.kv_unified_per_slot = size.context
    params.n_ctx = size.slots * size.context
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = size.threads
    params.flash_attn_type = _attention()
    params.warmup = False
    params.verbosity = -1
    _close_listener(params)
    return params


def _cannot_load(path: Path, size: Size) -> EngineError:
    return EngineError(
        f"llama.cpp cannot load {path}: is the file whole, and is there memory for {size.slots} slots"
        f" of {size.context} tokens?"
    )


def _attention() -> object:
    """Flash attention on a GPU only.

    On a CPU it is slow: 63 tokens a second, against 92 without it, at 1,000 tokens of context, 25 against 50 at 3,600.
    """
    kinds = _binding.ggml_backend_dev_type
    slow = {kinds.GGML_BACKEND_DEVICE_TYPE_CPU, kinds.GGML_BACKEND_DEVICE_TYPE_ACCEL}
    choice = _binding.llama_flash_attn_type
    if all(device["type"] in slow for device in _binding.get_device_info()):
        return choice.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return choice.LLAMA_FLASH_ATTN_TYPE_AUTO


def _close_listener(params: _Params) -> None:
    """Nobody else has business at llama.cpp's own door: it asks for a key that never leaves the process."""
    params.api_keys = [secrets.token_urlsafe(32)]
    params.ui = False
    params.endpoint_slots = params.endpoint_props = False
    params.endpoint_metrics = True  # for the same key, and for `_started`
    params.cors_origins = ""
    params.n_threads_http = 1
