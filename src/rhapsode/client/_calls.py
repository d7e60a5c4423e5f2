"""A call without its transport: what is asked becomes a request, and an answer becomes a reply or an error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Required, TypedDict, TypeVar

import msgspec

from rhapsode.client._errors import BadRequest, CallError, UnreadableReply, from_http_status, from_status
from rhapsode.client._replies import Reply, Speech, Usage
from rhapsode.client._transport import Answer
from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.constraint import Constraint
from rhapsode.core.errors import InvalidField, MalformedBody
from rhapsode.core.function import Function
from rhapsode.core.speech import AudioFormat, AudioSetting, Emotion, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax import chat_pro, chat_pro_reply, t2a, t2a_v2, t2a_v2_reply
from rhapsode.dialects.minimax.chat_models import chat_model
from rhapsode.dialects.minimax.chat_pro_reply import ProReply
from rhapsode.dialects.minimax.glyph import WireGlyph, read_glyph
from rhapsode.dialects.minimax.pause_marks import read_script, write_script
from rhapsode.dialects.minimax.status import StatusError
from rhapsode.dialects.minimax.t2a_body import MODELS, TEXT_LIMIT

CHAT_PATH = "/v1/text/chatcompletion_pro"
SPEECH_PATH = "/v1/text_to_speech"
SPEECH_V2_PATH = "/v1/t2a_v2"

DEFAULT_USER = "User"
_SUBTYPES = {"mp3": "mpeg"}

EnumT = TypeVar("EnumT", bound=Enum)

RequestT = TypeVar("RequestT")
ReadT = TypeVar("ReadT")


class ChatOptions(TypedDict, total=False):
    """How a reply is asked for. Only `bots` is required."""

    bots: Required[Bot | Sequence[Bot]]
    """Who takes part beside the users."""
    reply_as: str
    """The name of the bot that replies; the first of `bots` otherwise."""
    user: str
    """Who speaks where a turn is given as text alone; `User` otherwise."""
    samples: Sequence[Turn]
    """Turns that show the manner and are no part of the conversation."""
    model: str
    """`abab5.5-chat` otherwise."""
    max_tokens: int
    """Where a reply is cut; 1024 otherwise."""
    temperature: float
    """(0, 1]; the model's own otherwise."""
    top_p: float
    """(0, 1]; the model's own otherwise."""
    functions: Sequence[Function]
    """What the model may call instead of replying."""
    must_call: str
    """The name of the function that it must call; its own choice otherwise."""
    glyph: str | Mapping[str, object]
    """The form of the reply: a text with slots `{{gen 'name'}}` and `{{select 'name' options=['a','b']}}` in it, or the
    keys of a JSON document and what each holds, `{"mood": {"type": "string"}}`."""
    mask: bool
    """Whether addresses, links, numbers and the like in the reply are masked with `*`; they are otherwise."""
    search: bool
    """Whether the web is searched first; it is not otherwise."""


class SpeechOptions(TypedDict, total=False):
    """How a text is spoken."""

    voice: str | Mapping[str, int]
    """A voice id, or up to four ids with their weights, 1 to 100; `male-qn-qingse` otherwise."""
    speed: float
    """0.5 to 2, where 2 takes half the time; 1 otherwise."""
    volume: float
    """A gain, (0, 10]; 1 otherwise."""
    pitch: int
    """-12 to 12 semitones; 0 otherwise."""
    model: str
    """`speech-01` otherwise."""
    format: Literal["mp3", "wav", "pcm", "flac", "aac"]
    """`mp3` otherwise; pcm is bare 16-bit samples, 32,000 a second."""
    emotion: Literal["happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm", "fluent", "whisper"]
    """How the text is felt; as the voice is otherwise."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One POST, or a GET where it has no body.

    `speaker` is who is asked to reply, for a server that does not say who did.
    """

    path: str
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    speaker: str = ""

    @property
    def method(self) -> str:
        """As HTTP names it."""
        return "POST" if self.body else "GET"


@dataclass(frozen=True, kw_only=True)
class SpeechCall(Call):
    """One POST that asks for a stream of sound, packed as `audio_format`."""

    audio_format: str


def chat_request(
    turns: str | Sequence[Turn],
    *,
    bots: Bot | Sequence[Bot],
    reply_as: str | None = None,
    user: str = DEFAULT_USER,
    samples: Sequence[Turn] = (),
    model: str = "abab5.5-chat",
    max_tokens: int = 1024,
    temperature: float | None = None,
    top_p: float | None = None,
    functions: Sequence[Function] = (),
    must_call: str | None = None,
    glyph: str | Mapping[str, object] | None = None,
    mask: bool = True,
    search: bool = False,
) -> ChatRequest:
    """What the options ask for. Ranges are the server's to judge. Raises BadRequest for what cannot be told it."""
    present = (bots,) if isinstance(bots, Bot) else tuple(bots)
    if not present:
        raise BadRequest("bots: at least one is required")
    replier = present[0].name if reply_as is None else reply_as
    if replier not in {bot.name for bot in present}:
        raise BadRequest(f"reply_as: none of the bots is named {replier[:80]!r}")
    said = (Turn(role=Role.USER, speaker=user, text=turns),) if isinstance(turns, str) else tuple(turns)
    if not said:
        raise BadRequest("turns: at least one is required")
    if must_call is not None and must_call not in {function.name for function in functions}:
        raise BadRequest(f"must_call: none of the functions is named {must_call[:80]!r}")
    usual = chat_model(model)
    return ChatRequest(
        model=model,
        bots=present,
        samples=tuple(samples),
        turns=said,
        reply_as=replier,
        max_tokens=max_tokens,
        sampling=Sampling(
            temperature=usual.temperature if temperature is None else temperature,
            top_p=usual.top_p if top_p is None else top_p,
        ),
        functions=tuple(functions),
        must_call=() if must_call is None else (must_call,),
        constraint=None if glyph is None else _constraint(glyph),
        mask=mask,
        search=search,
    )


def chat_call(request: ChatRequest, *, stream: bool) -> Call:
    """The call that asks for a reply."""
    body = encode(chat_pro.write_request, chat_pro.ProCall(request=request, stream=stream))
    return Call(path=CHAT_PATH, body=body, speaker=request.reply_as)


def speech_request(
    text: str,
    *,
    voice: str | Mapping[str, int] = "male-qn-qingse",
    speed: float = 1.0,
    volume: float = 1.0,
    pitch: int = 0,
    model: str = "speech-01",
    format: Literal["mp3", "wav", "pcm", "flac", "aac"] = "mp3",  # noqa: A002 - the platform's own word
    emotion: str | None = None,
) -> SpeechRequest:
    """What the options ask for. Ranges are the server's to judge. Raises BadRequest for what cannot be told it."""
    blend = {voice: 1} if isinstance(voice, str) else voice
    if not blend:
        raise BadRequest("voice: at least one is required")
    try:
        script = read_script(text)
    except InvalidField as error:
        raise BadRequest(error.message) from error
    return SpeechRequest(
        model=model,
        script=script,
        voices=tuple(VoiceShare(voice_id=voice_id, weight=weight) for voice_id, weight in blend.items()),
        speed=speed,
        volume=volume,
        pitch=pitch,
        emotion=_one_of(Emotion, emotion, "emotion") if emotion else None,
        audio=AudioSetting(format=_one_of(AudioFormat, format, "format")),
    )


def speech_call(request: SpeechRequest) -> Call:
    """The call that asks for speech: by the first endpoint, or where that has no word for it, by the second."""
    text = write_script(request.script)
    if request.emotion is None and request.model in MODELS and len(text) < TEXT_LIMIT:
        return Call(path=SPEECH_PATH, body=encode(t2a.write_request, request))
    return Call(path=SPEECH_V2_PATH, body=encode(t2a_v2.write_request, t2a_v2.T2aV2Call(request=request)))


def stream_speech_call(request: SpeechRequest) -> SpeechCall:
    """The call that asks for speech while it is made."""
    asked = t2a_v2.T2aV2Call(request=request, stream=True, aggregated=False)
    body = encode(t2a_v2.write_request, asked)
    return SpeechCall(path=SPEECH_V2_PATH, body=body, audio_format=request.audio.format.value)


def read_reply(answer: Answer, call: Call) -> Reply:
    """The reply that an answer holds. Raises CallError."""
    if not answer.is_success:
        raise read_failure(answer)
    return reply_of(read(chat_pro_reply.read_reply, answer.body, answer), call.speaker, answer.trace_id)


def read_speech(answer: Answer, call: Call) -> Speech:
    """The speech that an answer holds. Raises CallError."""
    if call.path == SPEECH_V2_PATH and answer.is_success:
        reply = read(t2a_v2_reply.read_reply, answer.body, answer)
        kind = sound_type(reply.audio_format)
        return Speech(audio=reply.audio, content_type=kind, trace_id=reply.trace_id or answer.trace_id)
    kind = answer.content_type.partition(";")[0].strip().lower()
    if not (answer.is_success and kind.startswith("audio/")):
        raise read_failure(answer)
    if not answer.body:
        raise UnreadableReply("the audio file is empty", trace_id=answer.trace_id)
    return Speech(audio=answer.body, content_type=kind, trace_id=answer.trace_id)


def sound_type(audio_format: str) -> str:
    """The media type of sound in a format, as the platform names it; of MP3 where it names none."""
    return f"audio/{_SUBTYPES.get(audio_format, audio_format or 'mpeg')}"


def read_failure(answer: Answer) -> CallError:
    """What an answer that is no reply says went wrong."""
    try:
        status = t2a.read_error(answer.body, trace_id=answer.trace_id)
    except (MalformedBody, InvalidField) as error:
        if answer.is_success:  # and yet neither a reply nor a reason
            return UnreadableReply(f"the answer is no reply: {error.message}", trace_id=answer.trace_id)
        return from_http_status(answer.status, trace_id=answer.trace_id, retry_after=answer.retry_after)
    return from_status(status, http_status=answer.status, retry_after=answer.retry_after)


def read(reader: Callable[[bytes], ReadT], data: bytes, answer: Answer) -> ReadT:
    """What a reader of the dialect makes of `data`, with its errors told as ours."""
    try:
        return reader(data)
    except StatusError as status:
        status.trace_id = status.trace_id or answer.trace_id
        raise from_status(status, http_status=answer.status, retry_after=answer.retry_after) from status
    except (MalformedBody, InvalidField) as error:
        raise UnreadableReply(f"the reply cannot be read: {error.message}", trace_id=answer.trace_id) from error


def reply_of(wire: ProReply, speaker: str, trace_id: str | None) -> Reply:
    """The reply as callers see it. `speaker` and `trace_id` are for a server that left them out."""
    return Reply(
        text=wire.text,
        speaker=wire.speaker or speaker,
        finish_reason=wire.finish_reason,
        model=wire.model,
        trace_id=wire.trace_id or trace_id,
        usage=Usage(
            total_tokens=wire.total_tokens, prompt_tokens=wire.prompt_tokens, reply_tokens=wire.completion_tokens
        ),
        function_call=wire.function_call,
        glyph_result=wire.glyph_result,
    )


def _one_of(kind: type[EnumT], name: str, field: str) -> EnumT:
    try:
        return kind(name)
    except ValueError as error:
        raise BadRequest(f"{field}: must be one of {', '.join(str(each.value) for each in kind)}") from error


def encode(write: Callable[[RequestT], bytes], request: RequestT) -> bytes:
    """The body that a writer of the dialect makes of `request`, with its errors told as ours."""
    try:
        return write(request)
    except InvalidField as error:
        raise BadRequest(error.message) from error
    except UnicodeEncodeError as error:
        raise BadRequest("the text holds half a character (a lone surrogate), which JSON cannot carry") from error


def _constraint(glyph: str | Mapping[str, object]) -> Constraint:
    kind, field = ("raw", "raw_glyph") if isinstance(glyph, str) else ("json_value", "json_properties")
    try:
        return read_glyph(msgspec.convert({"type": kind, field: glyph}, WireGlyph), field="glyph")
    except (msgspec.ValidationError, InvalidField) as error:
        raise BadRequest(f"glyph: {error}") from error
