"""What the tests of the speech dialects write about."""

from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechEnd, SpeechRequest, Subtitle, TextCount
from rhapsode.core.voice import VoiceShare

END = SpeechEnd(
    milliseconds=1234,
    size=5,
    subtitles=(Subtitle(text="你好，", begin=0, end=700), Subtitle(text="世界。", begin=700, end=1234)),
    count=TextCount(characters=10, words=4, invisible=0.04166),
)


def speech(*script: str, packed_as: AudioFormat = AudioFormat.MP3) -> SpeechRequest:
    return SpeechRequest(
        model="speech-01",
        script=script or ("你好，世界。",),
        voices=(VoiceShare(voice_id="female-yujie"),),
        audio=AudioSetting(format=packed_as),
    )
