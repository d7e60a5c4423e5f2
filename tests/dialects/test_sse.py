import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.dialects.sse import EventReader, frame

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x85\u2028\u2029\n\r"))
DATA = st.lists(st.binary(min_size=1).filter(lambda data: not {10, 13, 0x85, 0xE2} & set(data)), max_size=5)


@given(DATA, st.data())
def test_events_come_back_wherever_the_network_cuts_them(events: list[bytes], draw: st.DataObject) -> None:
    stream = b"".join(map(frame, events))
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = EventReader()
    blocks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    read = [data for block in blocks for data in reader.feed(block)]
    assert read == events
    assert list(reader.finish()) == []


def test_a_frame_is_one_data_line_and_an_empty_one() -> None:
    assert frame(b'{"a":1}') == b'data: {"a":1}\n\n'


@given(TEXTS)
def test_every_client_finds_one_line_in_a_frame(text: str) -> None:
    line, empty = frame(msgspec.json.encode(text)).decode().splitlines()
    assert json.loads(line.removeprefix("data: ")) == text
    assert not empty


def test_a_reader_takes_what_other_servers_send() -> None:
    reader = EventReader()
    stream = b': keep-alive\r\n\r\nevent: message\r\ndata:{"a":1}\r\n\r\ndata: {"b":\ndata: 2}\n\ndata: {"c":3}'
    assert list(reader.feed(stream)) == [b'{"a":1}', b'{"b":\n2}']
    assert list(reader.finish()) == [b'{"c":3}']
