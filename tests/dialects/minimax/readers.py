"""How clients in use read a stream: their rules, told again from the contract's sections 0.5, 4.1 and 4.2.

Each returns the text that its user would see, and raises where its user would see a failure.
"""

import json
from typing import Any

from rhapsode.dialects.sse import EventReader


class ClientFailure(Exception):
    """What the client raises."""


def dify_first(sent: bytes) -> tuple[str, int]:
    """Line by line, the prefix optional; a truthy `reply` ends it. Returns the text and `total_tokens`."""
    pieces: list[str] = []
    for line in sent.splitlines():
        if not line.strip():
            continue
        data = json.loads(line.strip().removeprefix(b"data: "))
        if data.get("base_resp", {}).get("status_code", 0):
            raise ClientFailure(data["base_resp"]["status_msg"])
        if data["reply"]:
            return "".join(pieces), data["usage"]["total_tokens"]
        pieces.append(data["choices"][0]["delta"])
    raise ClientFailure("the stream ended without a reply")


def langchain_js_first(sent: bytes) -> str:
    """Line by line, an unterminated one dropped; a truthy `finish_reason` ends it, and wants a status of 0."""
    pieces: list[str] = []
    *lines, _unterminated = sent.decode().split("\n")
    for line in filter(None, lines):
        data = json.loads(line.removeprefix("data:"))
        choice = data["choices"][0]
        if choice.get("finish_reason"):
            if data["base_resp"]["status_code"] != 0:
                raise ClientFailure(data["base_resp"]["status_msg"])
            return data["reply"] or "".join(pieces)
        pieces.append(choice["delta"])
    raise ClientFailure("the stream ended without a finish reason")


def strict_lines(sent: bytes) -> list[dict[str, Any]]:
    """As the Go client does: every line that is not empty holds JSON after `data:`, or decoding fails."""
    return [json.loads(line.removeprefix(b"data:")) for line in sent.split(b"\n") if line]


def httpx_lines(sent: bytes) -> list[str]:
    """The lines that are not empty, as httpx cuts them: at every character that ends a line in Unicode."""
    return [line for line in sent.decode().splitlines() if line]


def langchain_python_v2(sent: bytes) -> tuple[str, str]:
    """Event by event; the first `finish_reason` that is not null ends it. Returns the text and the reason."""
    pieces: list[str] = []
    for data in EventReader().feed(sent):
        chunk = json.loads(data)
        if len(chunk["choices"]) == 0:
            continue
        choice = chunk["choices"][0]
        content = choice["delta"].get("content", "")
        if not isinstance(content, str):
            raise ClientFailure("content is no string")
        pieces.append(content)
        if (reason := choice.get("finish_reason")) is not None:
            return "".join(pieces), reason
    raise ClientFailure("the stream ended without a finish reason")


def dify_v2(sent: bytes) -> tuple[str, int]:
    """Event by event; `base_resp` of each is judged, events without choices are skipped, the last usage counts."""
    pieces: list[str] = []
    total = 0
    for data in EventReader().feed(sent):
        chunk = json.loads(data)
        if chunk.get("base_resp", {}).get("status_code", 0):
            raise ClientFailure(chunk["base_resp"]["status_msg"])
        if usage := chunk.get("usage"):
            total = usage["total_tokens"]
        if choices := chunk.get("choices"):
            pieces.append(choices[0].get("delta", {}).get("content", ""))
    return "".join(pieces), total
