"""`rhapsode say`: a text becomes a file of sound."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from rhapsode.cli.options import BaseUrlOption, HomeOption, JsonOption
from rhapsode.core.voice import VoiceShare

if TYPE_CHECKING:
    from rhapsode.client import SpeechOptions

BLEND_LIMIT = 4

_ENDINGS: Final[Mapping[str, Literal["wav", "pcm", "flac"]]] = {".wav": "wav", ".pcm": "pcm", ".flac": "flac"}


def read_share(text: str) -> VoiceShare:
    """A voice and its weight out of `ID[:WEIGHT]`."""
    voice_id, colon, weight = text.rpartition(":")
    if not colon:
        return VoiceShare(voice_id=text)
    if not (voice_id and weight.isascii() and weight.isdigit() and 1 <= int(weight) <= 100):  # noqa: PLR2004
        raise typer.BadParameter("must be ID or ID:WEIGHT, with a whole weight from 1 to 100")
    return VoiceShare(voice_id=voice_id, weight=int(weight))


def say(
    text: Annotated[str, typer.Argument(help="What to say; - takes it from standard input.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file; - is standard output.")],
    voices: Annotated[
        list[VoiceShare] | None,
        typer.Option(
            "--voice",
            parser=read_share,
            metavar="ID[:WEIGHT]",
            help="A voice, male-qn-qingse unless given; up to four are blended by their weights.",
        ),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.5, max=2)] = 1.0,
    volume: Annotated[float, typer.Option("--volume", min=0.01, max=10)] = 1.0,
    pitch: Annotated[int, typer.Option("--pitch", min=-12, max=12, help="Semitones.")] = 0,
    emotion: Annotated[
        Literal["happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm", "fluent", "whisper"] | None,
        typer.Option("--emotion", help="How the text is felt."),
    ] = None,
    packed_as: Annotated[
        Literal["mp3", "wav", "pcm", "flac"] | None,
        typer.Option("--format", help="What the file's name ends in, or mp3, unless given."),
    ] = None,
    model: Annotated[str, typer.Option("--model")] = "speech-01",
    base_url: BaseUrlOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say a text in a voice, or a blend of voices, into a file of sound.

    `<#0.5#>` in the text is half a second of silence.
    """
    from rhapsode.cli.speak import run_say  # noqa: PLC0415  brings in what help does not wait for

    shares = voices or [VoiceShare(voice_id="male-qn-qingse")]
    blend = {share.voice_id: int(share.weight) for share in shares}
    if len(blend) < len(shares):
        raise typer.BadParameter("the same voice twice", param_hint="--voice")
    if len(blend) > BLEND_LIMIT:
        raise typer.BadParameter(f"at most {BLEND_LIMIT} voices can be blended", param_hint="--voice")
    options: SpeechOptions = {"voice": blend, "speed": speed, "volume": volume, "pitch": pitch, "model": model}
    options["format"] = packed_as or _ENDINGS.get(Path(output).suffix.lower(), "mp3")
    if emotion is not None:
        options["emotion"] = emotion
    run_say(
        text,
        output,
        options,
        base_url=base_url,
        home=home,
        as_json=as_json,
    )
