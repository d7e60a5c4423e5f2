"""What looks like a key, taken out of a text."""

import re

# Keys of this server and of the platform, opaque or a JWT; keys of other services, which begin a word (what stands
# before may be an escaped line end); and whatever stands behind the word Bearer.
_SECRETS = re.compile(
    r"""(?P<before> sk-(?:rh|api|cp)- | (?:(?<!\w)|(?<=\\[nrt]))sk- | eyJ | Bearer\s+ )
        [A-Za-z0-9._~+/=-]{8,}""",
    re.IGNORECASE | re.VERBOSE,
)


def mask(text: str) -> str:
    """The text without what looks like a key."""
    return _SECRETS.sub(lambda found: f"{found['before']}***", text)
