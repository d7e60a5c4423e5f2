"""In which language a piece of text is spoken: by the caller's wish, else by its letters, else by the voice."""

import re
from typing import Final

LATIN: Final = frozenset(
    [
        *("af", "ca", "cs", "da", "de", "en", "es", "fi", "fr", "hr", "hu", "id", "it", "ms", "nb", "nl", "pl", "pt"),
        *("ro", "sk", "sl", "sv", "tr", "vi"),
    ]
)
"""languages written in Latin letters"""
_HAN_READERS: Final = frozenset({"zh", "yue", "ja"})
_SCRIPTS: Final = (
    ("ja", re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")),
    ("ko", re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")),
)
"""letters that decide even among Chinese characters"""
_HAN: Final = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UKRAINIAN: Final = re.compile("[ґєіїҐЄІЇ]")
_LETTERS: Final = (
    (("ru", "uk", "bg"), re.compile("[\u0400-\u04ff]")),
    (("ar", "fa"), re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")),
    (("el",), re.compile("[\u0370-\u03ff]{2}")),
    (("he",), re.compile("[\u0590-\u05ff]")),
    (("hi",), re.compile("[\u0900-\u097f]")),
    (("ta",), re.compile("[\u0b80-\u0bff]")),
    (("th",), re.compile("[\u0e00-\u0e7f]")),
)
"""letters, and who reads them: a voice of these, else the first"""
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_LATIN_WORD: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]{2}")


def spoken_language(text: str, *, language: str | None, voice: str) -> str:
    """The language of a piece of text, in BCP 47. `language` is the caller's wish, `voice` the language of the voice.

    A wish is overridden only by letters that its language has none of: Chinese in an English text is read in Chinese.
    Chinese with Latin words in it is Chinese. Figures and signs alone are read in the voice's language.
    """
    primary = _primary(voice)
    wish = _primary(language) if language else ""
    for mother, letters in _SCRIPTS:
        if letters.search(text):
            return mother
    if _HAN.search(text):
        return next((one for one in (wish, primary) if one in _HAN_READERS), "zh")
    for readers, letters in _LETTERS:
        if letters.search(text):
            if _UKRAINIAN.search(text):
                return "uk"
            return next((one for one in (wish, primary) if one in readers), readers[0])
    if _LATIN_WORD.search(text) or (_LATIN.search(text) and (wish or primary) in LATIN):
        return next((one for one in (wish, primary) if one in LATIN), "en")
    return wish or primary


def _primary(tag: str) -> str:
    """`zh` of `zh-CN` and `cmn`; `yue` of `zh-HK`."""
    lower = tag.lower()
    if lower in {"zh-hk", "zh-mo"} or lower.startswith("yue"):
        return "yue"
    primary = lower.partition("-")[0]
    return {"cmn": "zh", "no": "nb", "nn": "nb", "fil": "en"}.get(primary, primary)
