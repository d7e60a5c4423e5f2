"""The voices there are, as the routes name them."""

from typing import Final

from starlette.responses import Response

from rhapsode.core.voice import OwnKind
from rhapsode.dialects.minimax import voices
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.server.boundary import Answer, Call, Dialect, Handler
from rhapsode.service.speech import SpeechService

ERRORS: Final = Dialect(
    write_error=lambda error, _trace_id, _body: voices.write_error(error),
    http_status=http_status_of,
)


def handle_get_voice(speech: SpeechService) -> Handler:
    """The handler of `POST /v1/get_voice`."""

    async def handle(call: Call) -> Answer:
        asked = voices.read_request(call.body)
        own = await speech.own_voices(call.caller)
        answer = voices.write_reply(
            asked,
            system=speech.voices(),
            cloned=[voice for voice in own if voice.kind is OwnKind.CLONED],
            designed=[voice for voice in own if voice.kind is OwnKind.DESIGNED],
        )
        return Response(answer, headers=call.headers, media_type="application/json")

    return handle
