"""The certificate of the server's own socket, read as a start reads it."""

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok
from rhapsode.core.errors import SettingsError
from rhapsode.server.app import open_way
from rhapsode.settings.home import Home


def check_certificate(home: Home) -> list[Finding]:
    """Nothing where the settings name none."""
    try:
        way = open_way(home)
    except SettingsError as error:
        return [fail("certificate", words.CERTIFICATE_WRONG, words.CERTIFICATE_FIX, reason=error.message)]
    return [] if way.tls is None else [ok("certificate", words.CERTIFICATE)]
