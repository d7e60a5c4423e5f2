"""`instructions` of `/v1/audio/speech`: free words, of which the one emotion that they name is understood."""

from collections.abc import Mapping
from typing import Final

from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.speech import Emotion

_WORDS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    Emotion.HAPPY: ("happy", "happi", "cheer", "joy", "excite", "upbeat", "高兴", "开心", "快乐", "欢快", "兴奋"),
    Emotion.SAD: ("sad", "sorrow", "melanchol", "gloomy", "悲伤", "难过", "忧伤", "伤心"),
    Emotion.ANGRY: ("angry", "anger", "angri", "furious", "生气", "愤怒"),
    Emotion.FEARFUL: ("fear", "scared", "afraid", "terrified", "害怕", "恐惧", "惊恐"),
    Emotion.DISGUSTED: ("disgust", "厌恶", "恶心"),
    Emotion.SURPRISED: ("surpris", "astonish", "amazed", "惊讶", "吃惊"),
    Emotion.CALM: ("calm", "sooth", "relax", "neutral", "serene", "平静", "镇定", "舒缓"),
    Emotion.WHISPER: ("whisper", "耳语", "悄悄"),
}


def read_emotion(instructions: str | None) -> Emotion | None:
    """The emotion, or None where nothing is instructed. Raises `InvalidField`, `NotSupported`."""
    said = (instructions or "").lower()
    if not said.strip():
        return None
    named = [emotion for emotion, words in _WORDS.items() if any(word in said for word in words)]
    if not named:
        known = ", ".join(emotion.value for emotion in _WORDS)
        raise NotSupported("instructions", f"is understood where it names an emotion, one of {known}; leave it out")
    if len(named) > 1:
        names = " and ".join(emotion.value for emotion in named)
        raise InvalidField("instructions", f"names more than one emotion ({names}): a speech has one")
    return named[0]
