from hypothesis import given
from hypothesis import strategies as st

from rhapsode.dialects.sse import EventReader, frame

DATA = st.lists(st.binary(min_size=1).filter(lambda data: not {10, 13} & set(data)), max_size=5)


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


def test_a_reader_takes_what_other_servers_send() -> None:
    reader = EventReader()
    stream = b': keep-alive\r\n\r\nevent: message\r\ndata:{"a":1}\r\n\r\ndata: {"b":\ndata: 2}\n\ndata: {"c":3}'
    assert list(reader.feed(stream)) == [b'{"a":1}', b'{"b":\n2}']
    assert list(reader.finish()) == [b'{"c":3}']
