"""What there is to know about one model, for people and for programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rhapsode.cli.messages import Messages
from rhapsode.cli.sizes import in_bytes, size_in_words
from rhapsode.engines.chat.head import Head, read_head
from rhapsode.models.catalogue import find_entry, find_model, is_path
from rhapsode.models.entry import SERVED_CONTEXT, Model, UpstreamSource
from rhapsode.models.hub import read_reference
from rhapsode.models.shelf import Item, look_up
from rhapsode.settings.credentials import toml_string

Json: TypeAlias = "str | int | bool | list[str] | None"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A model by `name`: `item` says where it is, `head` what its file says, when it is here."""

    item: Item
    head: Head | None

    @property
    def is_for_vectors(self) -> bool:
        """Whether it makes embeddings rather than replies."""
        if self.item.entry is not None:
            return "embed" in self.item.entry.abilities
        return self.head is not None and self.head.is_for_vectors


def find_facts(name: str, directory: Path) -> Facts:
    """Raises SettingsError for a name that is not known, EngineMissing for a file that is not here."""
    if is_path(name) or read_reference(name) is not None:
        path = find_model(name, directory=directory)
        item = Item(name=str(path.absolute()) if is_path(name) else name, entry=None, path=path)
    else:
        item = look_up(find_entry(name), directory)
    return Facts(item=item, head=read_head(item.path) if item.path is not None else None)


def settings_lines(facts: Facts) -> str:
    """What to write into `rhapsode.toml` to use it."""
    entry, head = facts.item.entry, facts.head
    if entry is not None and isinstance(entry.source, UpstreamSource):
        return (
            '[chat]\ndefault = "upstream"\n\n[chat.engines.upstream]\nkind = "openai"\n'
            f'base_url = "http://127.0.0.1:8000"\nmodel = "{entry.source.repo}"\n'
        )
    section = "embed" if facts.is_for_vectors else "chat"
    trained = entry.context if entry is not None else (head.context if head is not None else None) or 0
    # Memory is taken for every slot's whole context, and the embedding engine takes no more than 4,096 by itself.
    is_long = not facts.is_for_vectors and trained > SERVED_CONTEXT
    lines = (
        f'[{section}]\ndefault = "local"\n\n[{section}.engines.local]\nkind = "llama"\n'
        f"model = {toml_string(facts.item.name)}\n"
    )
    return lines + (f"context = {SERVED_CONTEXT}\n" if is_long else "")


def item_row(item: Item, words: Messages) -> tuple[str, ...]:
    """Name, size, memory, languages, licence and place."""
    entry = item.entry
    if entry is None:
        size = _size(item)
        return (item.name, "" if size is None else in_bytes(size), "", "", "", _place(item, words))
    return (
        ", ".join((entry.name, *entry.aliases)),
        size_in_words(entry, words),
        words.about.format(figure=in_bytes(entry.memory)),
        _languages(entry),
        entry.licence,
        _place(item, words),
    )


def item_object(item: Item) -> dict[str, Json]:
    """The same and more for programs. Sizes in bytes."""
    entry = item.entry
    return {
        "name": item.name,
        "aliases": list(entry.aliases) if entry is not None else [],
        "title": entry.title if entry is not None else None,
        "licence": entry.licence if entry is not None else None,
        "languages": list(entry.languages) if entry is not None else [],
        "abilities": list(entry.abilities) if entry is not None else [],
        "context": entry.context if entry is not None else None,
        "memory": entry.memory if entry is not None else None,
        "upstream": entry is not None and isinstance(entry.source, UpstreamSource),
        "bytes": _size(item),
        "bytes_are_exact": item.path is not None or (entry is not None and entry.size_is_exact),
        "bytes_of_part": item.came,
        "path": None if item.path is None else str(item.path),
    }


def facts_object(facts: Facts) -> dict[str, "Json | dict[str, Json]"]:
    """Everything that `facts_lines` says, for programs."""
    head, entry = facts.head, facts.item.entry
    found: dict[str, Json] | None = head and {
        "name": head.name,
        "architecture": head.architecture,
        "quantisation": head.quantisation,
        "context": head.context,
        "width": head.width,
        "licence": head.licence,
        "has_template": head.has_template,
        "is_for_vectors": head.is_for_vectors,
    }
    serve = list(entry.source.serve) if entry is not None and isinstance(entry.source, UpstreamSource) else []
    return {**item_object(facts.item), "file": found, "serve": serve, "settings": settings_lines(facts)}


def facts_lines(facts: Facts, words: Messages) -> Iterator[tuple[str, str]]:
    """Label and value, line by line."""
    item, head = facts.item, facts.head
    yield words.model_name, item.name
    if (entry := item.entry) is not None:
        yield words.model_title, entry.title
        yield words.model_licence, entry.licence
        yield words.model_languages, _languages(entry)
        yield words.model_abilities, " ".join(entry.abilities)
        yield words.model_memory, words.about.format(figure=in_bytes(entry.memory))
        yield words.model_context, str(entry.context)
    if item.path is not None:
        yield words.model_size, in_bytes(item.path.stat().st_size)
    elif entry is not None:
        yield words.model_size, size_in_words(entry, words)
    if entry is None or not isinstance(entry.source, UpstreamSource):
        yield words.model_place, _place(item, words)
    if head is not None:
        yield words.head_name, head.name or "-"
        yield words.head_architecture, head.architecture or "-"
        yield words.head_quantisation, head.quantisation or "-"
        yield words.head_context, str(head.context or "-")
        yield words.head_licence, head.licence or "-"
        yield words.head_template, words.yes if head.has_template else words.no


def _languages(entry: Model) -> str:
    return " ".join("..." if code == "mul" else code for code in entry.languages)


def _size(item: Item) -> int | None:
    if item.path is not None:
        return item.path.stat().st_size
    return item.entry.size if item.entry is not None else None


def _place(item: Item, words: Messages) -> str:
    if item.path is not None:
        return str(item.path)
    if item.entry is not None and isinstance(item.entry.source, UpstreamSource):
        return words.model_is_upstream.format(name=item.name)
    if item.came:
        return words.model_partly_here.format(size=in_bytes(item.came), name=item.name)
    return words.model_not_here.format(name=item.name)
