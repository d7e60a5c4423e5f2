"""The process that measures a recorded voice: `python -m rhapsode.engines.speech.measure_worker rhapsode-worker`.

A job is the passage's language, a line feed, and the recording, little-endian float32 at `RATE`; its one block is the
timbre as JSON, or a sentence that says why there is none.
"""

from collections.abc import Iterator

from rhapsode.engines.worker_main import Stop, Work, serve_jobs


def main() -> None:
    """Serve until the parent goes."""
    serve_jobs(_prepare)


def _prepare() -> Work:
    # Loaded here because by now the process ignores the signals that are its parent's.
    import msgspec  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from rhapsode.engines.speech.espeak_library import EspeakLibrary  # noqa: PLC0415
    from rhapsode.engines.speech.measure import NoVoice, compare, measure, measure_reference  # noqa: PLC0415
    from rhapsode.engines.speech.speaker import Speaker  # noqa: PLC0415

    speaker = Speaker(EspeakLibrary())

    def work(body: bytes, stop: Stop) -> Iterator[bytes]:
        del stop
        language, _, samples = body.partition(b"\n")
        reference = measure_reference(speaker, language.decode())
        try:
            timbre = compare(measure(np.frombuffer(samples, "<f4").astype(np.float64)), reference)
        except NoVoice as error:
            yield msgspec.json.encode(str(error))
            return
        yield msgspec.json.encode(timbre)

    return work


if __name__ == "__main__":
    main()
