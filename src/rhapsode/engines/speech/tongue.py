"""How the reference speaker speaks each language: which of espeak-ng's voice files it reads, and how high.

espeak-ng's intonation uses another part of a voice's compass in every language. Each pair below is such that a few
sentences, a question among them, come to a median of `REFERENCE_PITCH`: a voice then has its own pitch in any
language. A test measures them all.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Tongue:
    """`file` is a path below espeak-ng's `lang`. `low` and `high` are the compass, Hz, as its voice files give it."""

    file: str
    low: int
    high: int


_TONGUES: Final = {
    "af": Tongue("gmw/af", 83, 175),
    "ar": Tongue("sem/ar", 94, 198),
    "bg": Tongue("zls/bg", 92, 193),
    "ca": Tongue("roa/ca", 90, 190),
    "cs": Tongue("zlw/cs", 91, 192),
    "da": Tongue("gmq/da", 92, 193),
    "de": Tongue("gmw/de", 94, 197),
    "el": Tongue("grk/el", 93, 195),
    "en": Tongue("gmw/en-US", 93, 197),
    "en-gb": Tongue("gmw/en", 93, 197),
    "es": Tongue("roa/es", 90, 190),
    "es-mx": Tongue("roa/es-419", 90, 190),
    "fa": Tongue("ira/fa", 93, 195),
    "fi": Tongue("urj/fi", 92, 193),
    "fr": Tongue("roa/fr", 98, 207),
    "he": Tongue("sem/he", 95, 200),
    "hi": Tongue("inc/hi", 95, 199),
    "hr": Tongue("zls/hr", 92, 194),
    "hu": Tongue("urj/hu", 94, 197),
    "id": Tongue("poz/id", 93, 195),
    "it": Tongue("roa/it", 94, 199),
    "ja": Tongue("jpx/ja", 96, 202),
    "ko": Tongue("ko", 91, 192),
    "ms": Tongue("poz/ms", 91, 191),
    "nb": Tongue("gmq/nb", 93, 196),
    "nl": Tongue("gmw/nl", 97, 205),
    "pl": Tongue("zlw/pl", 90, 189),
    "pt": Tongue("roa/pt-BR", 91, 192),
    "pt-pt": Tongue("roa/pt", 91, 192),
    "ro": Tongue("roa/ro", 93, 195),
    "ru": Tongue("zle/ru", 90, 189),
    "sk": Tongue("zlw/sk", 89, 188),
    "sl": Tongue("zls/sl", 90, 191),
    "sv": Tongue("gmq/sv", 96, 202),
    "ta": Tongue("dra/ta", 91, 191),
    "th": Tongue("tai/th", 80, 169),
    "tr": Tongue("trk/tr", 94, 198),
    "uk": Tongue("zle/uk", 92, 194),
    "vi": Tongue("aav/vi", 128, 269),
    "yue": Tongue("sit/yue", 115, 242),
    "zh": Tongue("sit/cmn", 113, 238),
}
"""by BCP 47, in lower case"""
_OTHER_NAMES: Final = {"cmn": "zh", "no": "nb", "nn": "nb", "iw": "he", "in": "id"}
"""Tags for the same; Nynorsk is read as Bokmål."""
_CANTONESE: Final = {"zh-hk", "zh-mo", "zh-yue"}

LANGUAGES: Final = tuple(_TONGUES)
"""Every language that has an entry of its own."""


def tongue(language: str) -> Tongue:
    """The tongue of a language in BCP 47: that of its region where it has one. English for what is not known."""
    tag = language.lower()
    if tag in _CANTONESE:
        tag = "yue"
    plain = tag.partition("-")[0]
    found = _TONGUES.get(tag) or _TONGUES.get(_OTHER_NAMES.get(plain, plain))
    return found or _TONGUES["en"]
