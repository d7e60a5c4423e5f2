"""The process that measures a recorded voice: `python -m rhapsode.engines.speech.measure_worker rhapsode-worker`.

A job is the passage's language, a line feed, and the recording, little-endian float32 at `RATE`; its one block is the
timbre as JSON, or a sentence that says why there is none.
"""

from collections.abc import Iterator

from rhapsode.engines.worker_main import Stop, Work, serve_jobs

PASSAGES = {
    "zh": (
        "今天天气很好，我们一起去公园散步吧。",
        "她买了三本书，妈妈问她去哪里了。",
        "老师说明天早上八点开会，请大家准时到。",
        "河边的柳树绿了，小鸟在枝头唱歌。",
        "这件事情我已经告诉他了，你不用担心。",
        "从这里坐车到火车站，大约需要半个小时。",
        "外面下着大雨，他还是骑自行车去上班。",
        "等到秋天来了，院子里的苹果就会变红。",
    ),
    "en": (
        "The weather is lovely today, so we are going for a walk in the park.",
        "She bought three books, and her mother asked where she had been.",
        "It takes about half an hour to reach the station from here by bus.",
        "When autumn comes, the apples in the garden will turn red.",
        "He told me not to worry, because everything had been arranged.",
    ),
}
"""What the reference speaker says, to be compared with whatever the other one says: tones take pitch further."""


def main() -> None:
    """Serve until the parent goes."""
    serve_jobs(_prepare)


def _prepare() -> Work:
    # Loaded here because by now the process ignores the signals that are its parent's.
    import msgspec  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from rhapsode.engines.speech.espeak_library import EspeakLibrary  # noqa: PLC0415
    from rhapsode.engines.speech.measure import NoVoice, compare, measure  # noqa: PLC0415

    speaker = EspeakLibrary()

    def work(body: bytes, stop: Stop) -> Iterator[bytes]:
        language, _, samples = body.partition(b"\n")
        spoken = language.decode()
        reference = measure(np.concatenate([speaker.speak(text, spoken, stop).sound for text in PASSAGES[spoken]]))
        try:
            timbre = compare(measure(np.frombuffer(samples, "<f4").astype(np.float64)), reference)
        except NoVoice as error:
            yield msgspec.json.encode(str(error))
            return
        yield msgspec.json.encode(timbre)

    return work


if __name__ == "__main__":
    main()
