"""`extra_info`: what a speech has come to. Fields: the contract's sections 3.1 and 3.4."""

from typing import Final

from msgspec import Struct

from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechEnd

_BITS: Final = 16
_MOST_OF_MP3: Final = ((32000, 320_000), (16000, 160_000), (0, 64_000))
"""the highest bit rate that MP3 has from a sample rate on (MPEG 1, 2, 2.5, layer III; LAME's bound on the last)"""


class ExtraInfo(Struct, frozen=True):
    """`audio_length` is in milliseconds, `audio_size` in bytes, `bitrate` in bits a second.

    `usage_characters` is what is billed: a Chinese character counts two, any other one, pause marks none.
    """

    audio_length: int
    audio_sample_rate: int
    audio_size: int
    bitrate: int
    word_count: int
    invisible_character_ratio: float
    usage_characters: int
    audio_format: str
    audio_channel: int


def extra_info(audio: AudioSetting, end: SpeechEnd) -> ExtraInfo:
    """What there is to say at the end."""
    return ExtraInfo(
        audio_length=end.milliseconds,
        audio_sample_rate=audio.sample_rate,
        audio_size=end.size,
        bitrate=_bit_rate(audio, end),
        word_count=end.count.words,
        invisible_character_ratio=round(end.count.invisible, 4),
        usage_characters=end.count.characters,
        audio_format=audio.format.value,
        audio_channel=audio.channels,
    )


def packed_bit_rate(audio: AudioSetting) -> int:
    """Bits a second of MP3 and AAC: what was asked for, or of MP3 the most that it has at the sample rate."""
    if audio.format is not AudioFormat.MP3:
        return audio.bitrate
    return min(audio.bitrate, next(most for rate, most in _MOST_OF_MP3 if audio.sample_rate >= rate))


def _bit_rate(audio: AudioSetting, end: SpeechEnd) -> int:
    """What was asked for, as far as there is one; of formats that have no such choice, what it has come to."""
    if audio.format in {AudioFormat.MP3, AudioFormat.AAC}:
        return packed_bit_rate(audio)
    if audio.format is AudioFormat.FLAC:
        return round(end.size * 8 * 1000 / max(1, end.milliseconds))
    return audio.sample_rate * audio.channels * _BITS
