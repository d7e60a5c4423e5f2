"""Vectors by the platform, or by another Rhapsode."""

from collections.abc import Callable, Mapping
from pathlib import Path

from yarl import URL

from rhapsode.core.embedding import Embeddings
from rhapsode.core.errors import RequestError
from rhapsode.dialects.minimax.embeddings import read_reply, write_request
from rhapsode.dialects.minimax.status import StatusError
from rhapsode.engines.embed.upstream import EmbedUpstream
from rhapsode.engines.upstream.address import interface
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.minimax_codes import judge_answer, judge_code
from rhapsode.engines.upstream.open import open_calls
from rhapsode.engines.upstream.options import UpstreamOptions, read_upstream_options


class Options(UpstreamOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table of the settings file. `group_id`: the group that the key belongs to, where the server asks for it."""

    group_id: str = ""


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> EmbedUpstream:
    """Nothing is asked of the server yet. Raises `SettingsError`."""
    _ = find_model  # the model is elsewhere
    chosen = read_upstream_options(options, Options, kind="minimax")
    url = URL(f"{interface(chosen.base_url)}/embeddings")
    if chosen.group_id:
        url = url.with_query(GroupId=chosen.group_id)
    calls = open_calls(chosen, judge=judge_answer)
    return EmbedUpstream(calls, url, model=chosen.model, write=write_request, read=_read)


def _read(answer: bytes, texts: int) -> Embeddings:
    try:
        return read_reply(answer, texts=texts)
    except StatusError as error:
        raise judge_code(error.code, error.message) from None  # its sentence is not ours to repeat
    except RequestError:
        raise Unavailable("the upstream engine sends what are no vectors") from None
