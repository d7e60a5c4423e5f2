"""The secret that keys are kept under, and the key that this machine's own programs call with. Nothing is made."""

import os

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok
from rhapsode.core.errors import SettingsError
from rhapsode.settings.credentials import read_credentials
from rhapsode.settings.home import SECRET_VARIABLE, Home


def has_secret(home: Home) -> bool:
    """Whether there is one, good or not; else the first start makes it."""
    return SECRET_VARIABLE in os.environ or home.secret_file.exists()


def check_secret(home: Home) -> list[Finding]:
    """Nothing where there is none yet, or a good one: whether it is the database's, `stores.py` says."""
    if not has_secret(home):
        return []
    try:
        home.secret(os.environ)
    except SettingsError as error:
        return [fail("secret", words.SECRET_WRONG, words.SECRET_WRONG_FIX, reason=error.message)]
    return []


def check_credentials(home: Home) -> list[Finding]:
    """Nothing where there are none yet."""
    try:
        credentials = read_credentials(home.credentials_file)
    except SettingsError as error:
        facts = {"reason": error.message, "path": str(home.credentials_file)}
        return [fail("credentials", words.CREDENTIALS_WRONG, words.CREDENTIALS_FIX, **facts)]
    return [] if credentials is None else [ok("credentials", words.CREDENTIALS, base_url=credentials.base_url)]
