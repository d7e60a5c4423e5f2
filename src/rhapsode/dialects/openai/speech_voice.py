"""Who speaks, as `/v1/audio/speech` names it: OpenAI's voices, ours, and blends of both."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.json_body import require

OPENAI_VOICES: Final[Mapping[str, str]] = {
    "alloy": "Friendly_Person",
    "ash": "Casual_Guy",
    "ballad": "Elegant_Man",
    "cedar": "English_Trustworthy_Man",
    "coral": "Lively_Girl",
    "echo": "Patient_Man",
    "fable": "Young_Knight",
    "marin": "Calm_Woman",
    "nova": "Inspirational_girl",
    "onyx": "Deep_Voice_Man",
    "sage": "Wise_Woman",
    "shimmer": "Sweet_Girl_2",
    "verse": "Determined_Man",
}
"""OpenAI's names, and whom they stand for here: somebody of about that gender and manner, not a likeness."""

_MOST: Final = 4
_WEIGHT: Final = re.compile(r"0*([1-9]\d?|100)", re.ASCII)


class VoiceId(Struct, frozen=True):
    """A voice as OpenAI's client names one that its user made."""

    id: str


class Share(Struct, frozen=True):
    """One voice of a blend, as the platform writes it."""

    voice_id: str
    weight: Annotated[int, Meta(ge=1, le=100)] = 1


WireVoice = str | VoiceId | Annotated[list[Share], Meta(min_length=1, max_length=_MOST)]


def read_voices(wire: WireVoice) -> tuple[VoiceShare, ...]:
    """The shares of `voice`: an id, `id:60+id:40`, or a list of ids with weights. Raises `InvalidField`."""
    match wire:
        case str():
            return _read_text(wire)
        case VoiceId():
            return (_share(wire.id, 1, "voice.id"),)
        case _:
            return tuple(
                _share(each.voice_id, each.weight, f"voice[{index}].voice_id") for index, each in enumerate(wire)
            )


def _read_text(text: str) -> tuple[VoiceShare, ...]:
    parts = text.split("+")
    require(len(parts) <= _MOST, "voice", f"must be a blend of at most {_MOST} voices, not of {len(parts)}")
    return tuple(_read_part(part) for part in parts)


def _read_part(part: str) -> VoiceShare:
    name, colon, weight = part.rpartition(":")
    if not colon:
        return _share(part, 1, "voice")
    found = _WEIGHT.fullmatch(weight.strip())
    if found is None:
        raise InvalidField("voice", "a weight in it must be a whole number from 1 to 100, as in id:60+id:40")
    return _share(name, int(found[1]), "voice")


def _share(name: str, weight: int, field: str) -> VoiceShare:
    name = name.strip()
    require(name, field, "must name a voice")
    return VoiceShare(voice_id=OPENAI_VOICES.get(name, name), weight=weight, field=field)
