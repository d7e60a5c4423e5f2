"""What an assistant does with the platform's own `minimax-mcp`: run by a test as a program of its own.

It starts the unmodified server of the package, as any MCP client does, and calls its tools. What they say goes to
standard output as one JSON object. The arguments are the address of the platform, and a folder for what the tools save;
with a third one, a recording, a voice is cloned from it and another is designed.
"""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import TextContent

TEXT = "你好，很高兴认识你。"
logging.disable()  # the package greets on standard output, which is the protocol's: its client complains, and goes on


async def talk(address: str, folder: Path, mode: str, calls: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """Call tools in order, and say what each of them answers."""
    environment = os.environ | {
        "MINIMAX_API_HOST": address,
        "MINIMAX_API_RESOURCE_MODE": mode,
        "MINIMAX_MCP_BASE_PATH": str(folder),
    }
    started = StdioServerParameters(command=sys.executable, args=["-m", "minimax_mcp.server"], env=environment)
    said: dict[str, str] = {}
    async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        for name, (tool, arguments) in calls.items():
            answer = await session.call_tool(tool, arguments)
            said[name] = "".join(part.text for part in answer.content if isinstance(part, TextContent))
    return said


async def seen(address: str, folder: Path, recording: str | None) -> dict[str, str]:
    """Every call, and what came back."""
    speech: dict[str, tuple[str, dict[str, Any]]] = {
        "spoken": ("text_to_audio", {"text": TEXT}),
        "bent": ("text_to_audio", {"text": TEXT, "voice_id": "male-qn-badao", "format": "flac", "speed": 1.5,
                                   "pitch": -2, "channel": 2, "sample_rate": 16000, "emotion": "neutral",
                                   "language_boost": "Chinese"}),
        "nobody": ("text_to_audio", {"text": TEXT, "voice_id": "nobody"}),
        "voices": ("list_voices", {}),
    }  # fmt: skip
    if recording is not None:
        speech |= {
            "cloned": ("voice_clone", {"voice_id": "cloned-by-mcp", "file": recording, "text": TEXT}),
            "clone speaks": ("text_to_audio", {"text": "再见。", "voice_id": "cloned-by-mcp", "format": "mp3"}),
            "designed": ("voice_design", {"prompt": "温柔的年轻女声", "preview_text": TEXT}),
            "voices then": ("list_voices", {"voice_type": "voice_cloning"}),
        }
    linked = await talk(address, folder, "url", {"linked": ("text_to_audio", {"text": TEXT})})
    return linked | await talk(address, folder, "local", speech)


if __name__ == "__main__":
    given = sys.argv[3] if len(sys.argv) > 3 else None
    json.dump(asyncio.run(seen(sys.argv[1], Path(sys.argv[2]), given)), sys.stdout)
