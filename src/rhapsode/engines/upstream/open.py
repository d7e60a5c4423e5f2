"""From the options of an upstream engine to calls."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from yarl import URL

from rhapsode.engines.upstream.calls import Calls, Judge
from rhapsode.engines.upstream.headers import read_headers
from rhapsode.engines.upstream.key import read_key
from rhapsode.engines.upstream.options import UpstreamOptions
from rhapsode.engines.upstream.transport import Transport
from rhapsode.engines.upstream.way import Way


def open_calls(
    options: UpstreamOptions, *, judge: Judge, keep: bool = True, environment: Mapping[str, str] = os.environ
) -> Calls:
    """Calls with the key and the headers that the options name, over connections that are kept unless `keep` is False.

    To be made on the event loop. Raises `SettingsError`.
    """
    key = read_key(env=options.api_key_env, file=options.api_key_file, environment=environment)
    headers = read_headers(options.headers, key=key, environment=environment)
    way = Way(URL(options.base_url), seconds=options.connect_timeout, ca_file=options.ca_file, proxy=options.proxy)
    transport = Transport(way, headers=headers if keep else headers | {"Connection": "close"})
    return Calls(transport, options, name=urlsplit(options.base_url).netloc, judge=judge)
