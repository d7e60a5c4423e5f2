"""A blend of voices on the wire: `timber_weights`. A later spelling, `timbre_weights`, is read too, never written."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField
from rhapsode.core.voice import VoiceShare


class TimberWeight(Struct, frozen=True):
    """One voice of a blend."""

    voice_id: Annotated[str, Meta(min_length=1)]
    weight: Annotated[int, Meta(ge=1, le=100)]


TimberWeights = Annotated[list[TimberWeight], Meta(max_length=4)]


def read_voices(
    voice_id: str | None, timber: TimberWeights | None, timbre: TimberWeights | None, *, field: str = "voice_id"
) -> tuple[VoiceShare, ...]:
    """One voice, or a blend, which wins. `field` is where `voice_id` stands. Raises `InvalidField`."""
    for name, weights in (("timber_weights", timber), ("timbre_weights", timbre)):
        if weights:
            return tuple(
                VoiceShare(voice_id=each.voice_id, weight=each.weight, field=f"{name}[{index}].voice_id")
                for index, each in enumerate(weights)
            )
    if not voice_id:
        raise InvalidField(field, "one of voice_id and timber_weights is required")
    return (VoiceShare(voice_id=voice_id, field=field),)


def write_voices(voices: Sequence[VoiceShare]) -> tuple[str | None, TimberWeights | None]:
    """`voice_id` and `timber_weights`: one of the two."""
    if len(voices) == 1 and voices[0].weight == 1:
        return voices[0].voice_id, None
    return None, [TimberWeight(share.voice_id, int(share.weight)) for share in voices]
