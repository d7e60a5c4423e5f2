"""The process of a speech worker: `python -m rhapsode.engines.speech.worker rhapsode-worker`."""

from collections.abc import Iterator

from rhapsode.engines.worker_main import Stop, Work, serve_jobs

_WARM_UP = (("你好 hello", "zh"), ("hello", "en"))


def main() -> None:
    """Serve until the parent goes."""
    serve_jobs(_prepare)


def _prepare() -> Work:
    # Loaded here, 0.3 s of work, because by now the process ignores the signals that are its parent's.
    from rhapsode.core.voice import Timbre  # noqa: PLC0415
    from rhapsode.engines.speech.espeak_library import EspeakLibrary  # noqa: PLC0415
    from rhapsode.engines.speech.piece_job import RATE, PieceJob, decode_job, encode_block  # noqa: PLC0415
    from rhapsode.engines.speech.speaker import Speaker  # noqa: PLC0415

    reference = EspeakLibrary()
    if reference.rate != RATE:
        raise RuntimeError(f"espeak-ng speaks at {reference.rate} samples a second, not at {RATE}")
    speaker = Speaker(reference)

    def work(body: bytes, stop: Stop) -> Iterator[bytes]:
        return map(encode_block, speaker.speak(decode_job(body), stop))

    for text, language in _WARM_UP:
        warm_up = PieceJob(text=text, language=language, shares=((Timbre(pitch=200.0, tract=0.9), 1),), tempo=1.0)
        for _ in speaker.speak(warm_up, lambda: False):
            pass
    return work


if __name__ == "__main__":
    main()
