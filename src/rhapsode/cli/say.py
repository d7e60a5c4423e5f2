"""`rhapsode say`: a text becomes an MP3 file."""

from typing import Annotated

import typer

from rhapsode.cli.options import BaseUrlOption, HomeOption, JsonOption
from rhapsode.core.voice import VoiceShare

BLEND_LIMIT = 4


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
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The MP3 file; - is standard output.")],
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
    model: Annotated[str, typer.Option("--model")] = "speech-01",
    base_url: BaseUrlOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say a text in a voice, or a blend of voices, into an MP3 file.

    `<#0.5#>` in the text is half a second of silence.
    """
    from rhapsode.cli.speak import run_say  # noqa: PLC0415  brings in what help does not wait for

    shares = voices or [VoiceShare(voice_id="male-qn-qingse")]
    blend = {share.voice_id: int(share.weight) for share in shares}
    if len(blend) < len(shares):
        raise typer.BadParameter("the same voice twice", param_hint="--voice")
    if len(blend) > BLEND_LIMIT:
        raise typer.BadParameter(f"at most {BLEND_LIMIT} voices can be blended", param_hint="--voice")
    run_say(
        text,
        output,
        {"voice": blend, "speed": speed, "volume": volume, "pitch": pitch, "model": model},
        base_url=base_url,
        home=home,
        as_json=as_json,
    )
