"""In which language a text is spoken."""


def spoken_language(text: str, *, language: str | None, voice: str) -> str:
    """The language of a piece of text, in BCP 47. `language` is the caller's wish, `voice` the language of the voice."""
    _ = text
    return language or voice
