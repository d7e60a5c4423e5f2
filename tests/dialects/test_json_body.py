"""What is wrong with a body, in words of its fields."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField
from rhapsode.dialects.json_body import read_json


class Turn(Struct):
    role: Literal["user", "bot"]


class Body(Struct):
    turns: list[Turn]
    choice: Literal["none", "auto"] | Turn | None = None
    by_name: dict[Annotated[str, Meta(min_length=2)], Turn] | None = None
    unread: Annotated[int, Meta(ge=1)] = 1


DECODER = msgspec.json.Decoder(Body)


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        (b"{}", "turns", "is required"),
        (b'{"turns": [{"role": "bot"}, {}]}', "turns[1].role", "is required"),
        (
            b'{"turns": [{"role": "USER"}]}',
            "turns[0].role",
            "Invalid enum value 'USER'; allowed are 'bot', 'user'",
        ),
        (
            b'{"turns": [], "choice": "any"}',
            "choice",
            "Invalid enum value 'any'; allowed are 'auto', 'none'",
        ),
        (
            b'{"turns": [], "by_name": {"Ann": {"role": ""}}}',
            "by_name[...].role",
            "Invalid enum value ''; allowed are 'bot', 'user'",
        ),
        (
            b'{"turns": [], "by_name": {"A": {"role": "bot"}}}',
            "by_name",
            "each name in it must keep to the rule: Expected `str` of length >= 2",
        ),
        (b'{"turns": [], "unread": 0}', "unread", "Expected `int` >= 1"),
        (b"[]", "", "Expected `object`, got `array`"),
        (
            b'{"turns": [{"role": "x - at `$.y`"}]}',
            "turns[0].role",
            "Invalid enum value 'x - at `$.y`'; allowed are 'bot', 'user'",
        ),
    ],
)
def test_the_field_and_its_rule_are_told(body: bytes, field: str, rule: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read_json(DECODER, body)
    assert (caught.value.field, caught.value.rule) == (field, rule)
