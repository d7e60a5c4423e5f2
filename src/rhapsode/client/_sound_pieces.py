"""Speech that is streamed, read: pieces of a file, and the file at the end."""

from dataclasses import replace

from rhapsode.client._calls import Call, read, read_speech, sound_type
from rhapsode.client._errors import UnreadableReply
from rhapsode.client._pieces import PieceReader
from rhapsode.client._replies import Speech
from rhapsode.client._transport import Answer
from rhapsode.dialects.minimax.t2a_v2_reply import SoundEnd, read_event


class SoundReader(PieceReader[bytes, Speech]):
    """Reads the answer to a call of `stream_speech_call`, for sound packed as `audio_format`."""

    def __init__(self, head: Answer, call: Call, audio_format: str) -> None:
        super().__init__(head)
        self._call = call
        self._format = audio_format

    def _read_event(self, data: bytes) -> None:
        event = read(read_event, data, self._head)
        if not isinstance(event, SoundEnd):
            self._add(event.audio)
            return
        if not self._pieces:  # the last event may repeat all of it: that is news only where nothing came before
            self._add(event.audio)
        if not self._pieces:
            raise UnreadableReply("the stream holds no sound", trace_id=self._head.trace_id)
        self._end(
            Speech(
                audio=b"".join(self._pieces),
                content_type=sound_type(event.audio_format or self._format),
                trace_id=event.trace_id or self._head.trace_id,
            )
        )

    def _read_document(self, body: bytes) -> None:
        speech = read_speech(replace(self._head, body=body), self._call)
        self._add(speech.audio)
        self._end(speech)
