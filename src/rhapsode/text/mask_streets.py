"""Home addresses as English writes them: `221B Baker Street`, `1600 Pennsylvania Ave NW, Washington, DC 20500`."""

import re
from typing import Final

_HOUSE: Final = r"(?<![0-9A-Za-z_$€£#.,:/-])(?<![0-9][ ])(?P<house>[0-9]{1,5}[A-Za-z]?(?:-[0-9]{1,4})?)"
_WORD: Final = "[A-Z][A-Za-z'’.-]{0,20}(?![0-9A-Za-z])"
_NAME: Final = rf"(?:[ ](?:{_WORD}|[0-9]{{1,3}}(?:st|nd|rd|th))){{1,4}}"
_WAY: Final = (
    r"[ ](?:(?:St|Ave|Rd|Blvd|Ln|Dr|Ct|Pkwy|Hwy|Sq|Pl)(?![A-Za-z'’])\.?"
    "|(?:Street|Avenue|Road|Boulevard|Lane|Drive|Court|Terrace|Parkway|Highway|Crescent|Square|Place)(?![A-Za-z'’]))"
)
_SIDE: Final = "(?:[ ](?:NE|NW|SE|SW|N|S|E|W|North|South|East|West)(?![A-Za-z]))?"
_UNIT: Final = r"(?:,?[ ](?:(?:Apt|Ste|Fl)\.?[ ]|(?:Apartment|Suite|Unit|Flat|Floor)[ ]|\#)[0-9A-Za-z-]{1,6})?"
_TOWN: Final = rf"(?:,[ ]{_WORD}(?:[ ]{_WORD}){{0,2}}){{0,2}}(?:,?[ ][A-Z]{{2}}(?![0-9A-Za-z]))?"
_CODE: Final = "(?:,?[ ](?:[0-9]{5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][0-9A-Z]?[ ][0-9][A-Z]{2})(?![0-9A-Za-z]))?"
_ADDRESS: Final = re.compile(f"{_HOUSE}{_NAME}{_WAY}{_SIDE}(?P<more>{_UNIT}{_TOWN}{_CODE})")
_YEAR: Final = re.compile("(?:19|20)[0-9]{2}")

_OPEN: Final = re.compile(
    r"[0-9]{1,5}[A-Za-z]?(?:-[0-9]{0,4})?(?:,?[ ](?:[A-Z0-9#][0-9A-Za-z'’.#-]{0,21})?){0,18}(?:,[ ]?)?\Z"
)
_LONGEST: Final = 420


class Streets:
    """House number, name, and a word that means a street; what stands behind it, as far as a town and its code."""

    def find(self, text: str, start: int, /) -> tuple[int, int] | None:
        """Of `Kind`."""
        while found := _ADDRESS.search(text, start):
            # "In 2008 Wall Street fell" tells a year.
            if found["more"] or not _YEAR.fullmatch(found["house"]):
                return found.span()
            start = found.start() + 1
        return None

    def open_from(self, text: str, start: int, /) -> int:
        """Of `Kind`."""
        begun = _OPEN.search(text, max(start, len(text) - _LONGEST))
        return begun.start() if begun else len(text)
