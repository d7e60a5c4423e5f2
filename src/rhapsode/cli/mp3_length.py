"""How long an MP3 file sounds, counted frame by frame: a base install has no decoder.

Figures: ISO/IEC 11172-3 and 13818-3, layer III.
"""

_KILOBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""samples a second by version: MPEG 1, 2, 2.5"""

_HEADER_BYTES = 4
_SYNC = 0xFFE0
_TAG_BYTES = 10


def mp3_seconds(audio: bytes) -> float | None:
    """Seconds of sound; None when this is no MP3 file."""
    at, seconds = _after_tag(audio), 0.0
    while (frame := _read_frame(audio, at)) is not None:
        size, duration = frame
        at += size
        seconds += duration
    return seconds or None


def _after_tag(audio: bytes) -> int:
    """Where sound may begin: behind an ID3v2 tag, whose size stands in four times seven bits."""
    if len(audio) < _TAG_BYTES or not audio.startswith(b"ID3"):
        return 0
    high, upper, lower, low = audio[6:10]
    return _TAG_BYTES + (high << 21 | upper << 14 | lower << 7 | low)


def _read_frame(audio: bytes, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the frame at `at`; None where there is none."""
    header = audio[at : at + _HEADER_BYTES]
    if len(header) < _HEADER_BYTES or int.from_bytes(header[:2]) & _SYNC != _SYNC:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version not in _RATES or layer != 1 or bitrate in {0, 15} or rate == 3:  # noqa: PLR2004  reserved values
        return None
    samples = 1152 if version == 3 else 576  # noqa: PLR2004  MPEG 1 has two granules a frame
    kilobits = (_KILOBITS_1 if version == 3 else _KILOBITS_2)[bitrate]  # noqa: PLR2004
    hertz = _RATES[version][rate]
    padding = header[2] >> 1 & 1
    return samples // 8 * kilobits * 1000 // hertz + padding, samples / hertz
