"""Text as it is read aloud: figures, dates, money, links and the like in words, and nothing that is not read."""

from rhapsode.text.speakable import clean
from rhapsode.text.spoken import Spoken, Writer


def normalise(text: str, *, language: str, english_figures: bool = False, latex: bool = False) -> Spoken:
    """What is read of `text`, a sentence or a clause, in `language` (BCP 47, of `spoken_language`).

    `english_figures`: figures are read in English wherever the words around them are. `latex`: formulas between dollar
    signs are read out.
    """
    _ = language, english_figures, latex
    writer = Writer()
    for place, character in enumerate(text):
        writer.write(clean(character), place, place + 1)
    return writer.spoken()
