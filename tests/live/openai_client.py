"""OpenAI's own client, unmodified, as the tests of this folder use it."""

import openai

from tests.live.running import LiveServer


def client_of(server: LiveServer, *, api_key: str | None = None, timeout: float = 60) -> openai.OpenAI:
    """It does not try again by itself, and heeds no proxy of the environment."""
    return openai.OpenAI(
        base_url=f"{server.base_url}/v1",
        api_key=server.api_key if api_key is None else api_key,
        timeout=timeout,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    )


def async_client_of(server: LiveServer) -> openai.AsyncOpenAI:
    """The same for an event loop."""
    return openai.AsyncOpenAI(
        base_url=f"{server.base_url}/v1",
        api_key=server.api_key,
        timeout=60,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    )
