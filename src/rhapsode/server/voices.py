"""The voices there are, and those that callers make, as the routes name them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from rhapsode.core.limiter import Unit
from rhapsode.core.speech import SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax import voice_blend, voice_clone, voice_design, voices
from rhapsode.dialects.minimax.pause_marks import read_script
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.server.boundary import Answer, Call, Dialect, Handler
from rhapsode.service.account import Account
from rhapsode.service.speech import SpeechService
from rhapsode.service.voice_maker import VoiceMaker
from rhapsode.text.count import billed

Deliver = Callable[[Call, str, bytes], Awaitable[str]]
"""Keeps sound under a name, and gives the link to it."""

ERRORS: Final = Dialect(
    write_error=lambda error, _trace_id, _body: voices.write_error(error),
    http_status=http_status_of,
)
_DESIGN_MODEL: Final = "speech-01"


def handle_get_voice(speech: SpeechService) -> Handler:
    """The handler of `POST /v1/get_voice`."""

    async def handle(call: Call) -> Answer:
        asked = voices.read_request(call.body)
        return _json(call, voices.write_reply(asked, system=speech.voices(), own=await speech.own_voices(call.caller)))

    return handle


def handle_delete_voice(maker: VoiceMaker) -> Handler:
    """The handler of `POST /v1/delete_voice`."""

    async def handle(call: Call) -> Answer:
        kind, voice_id = voices.read_delete(call.body)
        return _json(call, voices.write_deleted(await maker.delete(call.caller, voice_id, kind)))

    return handle


def handle_voice_blend(maker: VoiceMaker) -> Handler:
    """The handler of `POST /v1/voice_blend`."""

    async def handle(call: Call) -> Answer:
        voice_id, shares = voice_blend.read_request(call.body)
        await _admit(call.account, voice_id, None)
        return _json(call, voice_blend.write_reply(await maker.blend(call.caller, voice_id, shares)))

    return handle


def handle_voice_clone(maker: VoiceMaker, deliver: Deliver) -> Handler:
    """The handler of `POST /v1/voice_clone`."""

    async def handle(call: Call) -> Answer:
        asked = voice_clone.read_request(call.body)
        # What is wrong with the preview is told before there is a voice.
        preview = asked.preview and _say(asked.preview[0], asked.preview[1], "text", asked.voice_id)
        await _admit(call.account, asked.voice_id, preview)
        await maker.clone(
            call.caller, asked.voice_id, file_id=asked.file_id, prompt_id=asked.prompt_id, language=asked.language
        )
        demo = ""
        if preview:
            demo = await deliver(call, f"{asked.voice_id}.mp3", await maker.preview(call.account, preview))
        characters = billed(preview.text) if preview else 0
        return _json(call, voice_clone.write_reply(demo_audio=demo, usage_characters=characters))

    return handle


def handle_voice_design(maker: VoiceMaker, read_request: Callable[[bytes], voice_design.DesignRequest]) -> Handler:
    """The handler of `POST /v1/voice_design` and `POST /v1/text2voice`, which are read differently."""

    async def handle(call: Call) -> Answer:
        asked = read_request(call.body)
        preview = _say(_DESIGN_MODEL, asked.preview, asked.preview_field, asked.voice_id or "")
        await _admit(call.account, asked.voice_id or "", preview)
        voice = await maker.design(call.caller, asked.description, field=asked.field, voice_id=asked.voice_id)
        call.account.cast(voice.id)
        preview = replace(preview, voices=(VoiceShare(voice_id=voice.id),))
        return _json(call, voice_design.write_reply(voice.id, await maker.preview(call.account, preview)))

    return handle


async def _admit(account: Account, voice_id: str, preview: SpeechRequest | None) -> None:
    """Let in who makes a voice; what costs is the text that it says first."""
    model, text = (preview.model, preview.text) if preview else ("", "")
    await account.admit(model=model, unit=Unit.CHARACTERS, amount=billed(text), voice=voice_id)


def _say(model: str, text: str, field: str, voice_id: str) -> SpeechRequest:
    return SpeechRequest(model=model, script=read_script(text, field=field), voices=(VoiceShare(voice_id=voice_id),))


def _json(call: Call, answer: bytes) -> Response:
    return Response(answer, headers=call.headers, media_type="application/json")
