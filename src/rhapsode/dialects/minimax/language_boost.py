"""`language_boost`: the language that a text is to be read as, by the platform's names.

The contract names a few of its forty; the rest are those that its page lists. All but Filipino can be spoken here.
"""

from typing import Final

from rhapsode.core.errors import InvalidField, NotSupported

LANGUAGES: Final = {
    "Chinese": "zh",
    "Chinese,Yue": "yue",
    "English": "en",
    "Arabic": "ar",
    "Russian": "ru",
    "Spanish": "es",
    "French": "fr",
    "Portuguese": "pt",
    "German": "de",
    "Turkish": "tr",
    "Dutch": "nl",
    "Ukrainian": "uk",
    "Vietnamese": "vi",
    "Indonesian": "id",
    "Japanese": "ja",
    "Italian": "it",
    "Korean": "ko",
    "Thai": "th",
    "Polish": "pl",
    "Romanian": "ro",
    "Greek": "el",
    "Czech": "cs",
    "Finnish": "fi",
    "Hindi": "hi",
    "Bulgarian": "bg",
    "Danish": "da",
    "Hebrew": "he",
    "Malay": "ms",
    "Persian": "fa",
    "Slovak": "sk",
    "Swedish": "sv",
    "Croatian": "hr",
    "Hungarian": "hu",
    "Norwegian": "nb",
    "Slovenian": "sl",
    "Catalan": "ca",
    "Nynorsk": "nb",
    "Tamil": "ta",
    "Afrikaans": "af",
}
"""by name, in BCP 47; Nynorsk is spoken as Bokmål, the one Norwegian that the embedded engine has"""
_UNSPOKEN: Final = {"filipino"}
_BY_KEY: Final = {name.lower(): language for name, language in LANGUAGES.items()}


def read_language(name: str | None, field: str) -> str | None:
    """In BCP 47; None for `auto`, an empty name and none. Capitals and blanks do not matter. Raises `InvalidField`."""
    key = "".join((name or "").split()).lower()
    if key in {"", "auto"}:
        return None
    if key in _UNSPOKEN:
        raise NotSupported(field, "no engine of this server speaks Filipino")
    if key not in _BY_KEY:
        raise InvalidField(field, f"unknown language {key[:40]!r}: one of auto, {', '.join(LANGUAGES)}")
    return _BY_KEY[key]


def write_language(language: str | None) -> str | None:
    """The platform's name of a language; None where it has none."""
    return next((name for name, known in LANGUAGES.items() if known == language), None)
