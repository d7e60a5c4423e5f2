"""How a name is written for short."""

import pytest

from rhapsode.engines.chat.names import forms_of


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Ann", {"Ann"}),
        ("Mary Jane", {"Mary Jane", "Mary", "Jane"}),
        ("Dr. Who", {"Dr. Who", "Dr", "Who"}),
        ("Captain: Hook", {"Captain: Hook", "Captain", "Hook"}),
        ("Sir John of Ely", {"Sir John of Ely", "Sir", "Ely"}),
        ("Jean-Luc O'Neil", {"Jean-Luc O'Neil", "Jean-Luc", "O'Neil"}),
        ("Zoë", {"Zoë", "Zoe"}),
        ("Zoë Krüger", {"Zoë Krüger", "Zoe Kruger", "Zoë", "Zoe", "Krüger", "Kruger"}),
        ("Agent X", {"Agent X", "Agent"}),
        ("Guard 2", {"Guard 2"}),
        ("李（掌柜）", {"李（掌柜）", "李", "掌柜"}),
        ("MM智能助理", {"MM智能助理"}),
        ("***", {"***"}),
        ("", {""}),
    ],
)
def test_a_name_for_short(name: str, forms: set[str]) -> None:
    assert set(forms_of(name)) == forms
