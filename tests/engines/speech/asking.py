"""Speech asked for and heard, in short."""

from contextlib import aclosing

import numpy as np

from rhapsode.core.speech import Pause, SpeechEngine, SpeechRequest
from rhapsode.core.voice import VoiceShare
from tests.listening import Samples


def ask(
    text: str,
    *voices: str | tuple[str, int],
    speed: float = 1.0,
    pitch: int = 0,
    then: tuple[str | Pause, ...] = (),
) -> SpeechRequest:
    """A request; a voice without a weight has the weight 1, and no voice is the elite young man."""
    shares = [
        VoiceShare(voice_id=v, weight=1) if isinstance(v, str) else VoiceShare(voice_id=v[0], weight=v[1])
        for v in voices
    ]
    return SpeechRequest(
        model="speech-01",
        script=(text, *then),
        voices=tuple(shares) or (VoiceShare(voice_id="male-qn-jingying"),),
        speed=speed,
        pitch=pitch,
    )


async def hear(engine: SpeechEngine, request: SpeechRequest) -> tuple[Samples, int]:
    """The whole sound and its rate."""
    blocks: list[bytes] = []
    rate = 0
    async with aclosing(engine.speak(request)) as heard:
        async for block in heard:
            blocks.append(block.samples)
            rate = block.rate
    return np.frombuffer(b"".join(blocks), "<f4"), rate
