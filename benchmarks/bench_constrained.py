"""What a form costs: tokens of a reply a second, constrained against free, by one engine with one model.

Counted from the request to the end, the prompt being in the cache, and over all tokens of the reply: those that are
given in a glyph or a document are tokens that the model need not decode. Reference: a free reply of the same run. The
runs alternate, so that what else the machine does meets all of them.

    python benchmarks/bench_constrained.py [rounds]
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from report import finish, median, percentile, table

from rhapsode.core.chat import Bot, ChatEngine, ChatRequest, Role, Sampling, Turn, collect
from rhapsode.core.constraint import Constraint, Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.engines.chat.llama import open_engine
from rhapsode.models.catalogue import find_model

MODEL = find_model("default", directory=Path("models"))
BOT = Bot(name="Homer", description="Homer is a poet who tells long stories of the sea and its heroes.")
TOKENS = 120
SHARE = 0.8
"""of free decoding, at least"""

_ITEM: Final = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "year": {"type": "integer"}, "deed": {"type": "string"}},
    "required": ["name", "year", "deed"],
    "additionalProperties": False,
}
_FIGURES: Final = {"courage": {"type": "number"}, "alive": {"type": "boolean"}, "story": {"type": "string"}}
_KINDS: Final = ("the brave", "the wise", "the bold and beautiful", "the swift-footed", "the lord of men")
FORMS: Final[Mapping[str, Constraint | None]] = {
    "free": None,
    "JSON schema": JsonDocument(schema={"type": "array", "items": _ITEM, "minItems": 8}),
    "JSON document that closes": JsonDocument(
        schema={
            "type": "object",
            "properties": {f"hero_{n}": {"type": "object", "properties": _FIGURES} for n in range(3)},
        },
        must_close=True,
    ),
    "pattern slot": Glyph(parts=(Gen(name="text", pattern=r"([A-Z][a-z]+( [a-z']+){3,20}[.,] ){8,}"),)),
    "select": Glyph(
        parts=tuple(
            part
            for number in range(12)
            for part in (Literal(text=f"\nHero {number} is "), Select(name=f"s{number}", options=_KINDS))
        )
    ),
}


async def rate(engine: ChatEngine, request: ChatRequest, around: int) -> float:
    """Tokens of the reply a second, `around` being those of the conversation."""
    started = time.perf_counter()
    usage = (await collect(engine.reply(request))).end.usage
    return (usage.prompt_tokens + usage.reply_tokens - around) / (time.perf_counter() - started)


async def main(rounds: int) -> None:
    """All forms, in turn."""
    said = Turn(role=Role.USER, speaker="Li", text="Tell me a very long story about the heroes of the sea.")
    asked = ChatRequest(
        model="", bots=(BOT,), turns=(said,), reply_as=BOT.name, max_tokens=TOKENS,
        sampling=Sampling(temperature=0.9, top_p=0.95),
    )  # fmt: skip
    engine = await open_engine({}, find_model=lambda _: MODEL)
    rates: dict[str, list[float]] = {name: [] for name in FORMS}
    try:
        around = (await collect(engine.reply(replace(asked, max_tokens=1)))).end.usage.prompt_tokens
        for number in range(rounds + 1):
            for name, form in FORMS.items():
                measured = await rate(engine, replace(asked, constraint=form), around)
                if number:  # the first warms
                    rates[name].append(measured)
    finally:
        await engine.close()
    free = median(rates["free"])
    table(
        f"Decoding, one stream, {rounds} runs each",
        ("", "tokens/s p50", "p5", "p95", "of free"),
        [
            (name, *(f"{percentile(found, share):.1f}" for share in (0.5, 0.05, 0.95)), f"{median(found) / free:.2f}")
            for name, found in rates.items()
        ],
    )  # fmt: skip
    finish([
        (f"{name}: {median(found) / free:.2f} of free decoding, at least {SHARE}", median(found) / free >= SHARE)
        for name, found in rates.items()
        if name != "free"
    ])  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
