"""TLS on the server's own socket."""

import ssl
from pathlib import Path

from rhapsode.core.errors import SettingsError


def open_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and later, with the library's own choice of ciphers. Both files are PEM. Raises `SettingsError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # A key that is locked by a password would be asked for on the terminal.
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise SettingsError(
            f"server.tls_cert, server.tls_key: {certificate} and {key} are not a certificate and its unlocked key in"
            f" PEM ({error.reason or 'unreadable'})"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"server.tls_cert, server.tls_key: {error.filename or certificate} cannot be read ({error.strerror})"
        ) from error
    return context


def _no_password() -> str:
    return ""
