"""Mojibake with bytes lost on the way."""

from __future__ import annotations

import pytest

from pipelines.cleaners.ftfy import Ftfy
from pipelines.cleaners.mojibake import Mojibake
from pipelines.text.edits import apply

UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
RUSSIAN = "Волки живут в лесах и на равнинах, а зимой подходят ближе к деревням."  # noqa: RUF001 - that is Russian
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, když přišel večer."


def broken(text: str) -> str:
    """UTF-8 read as Windows-1252, its undefined bytes dropped."""
    return bytes(byte for byte in text.encode() if byte not in UNDEFINED).decode("cp1252")


def whole(text: str) -> str:
    """What can be told of a broken text: characters that have all their bytes, and what is left of the others."""
    return "".join(c if not UNDEFINED & set(c.encode()) else broken(c) for c in text)


def repaired(text: str) -> str:
    return apply(text, Mojibake().changes(text))


@pytest.mark.parametrize("text", [RUSSIAN, CZECH, f"{RUSSIAN}\n\nplain line\n{CZECH}\n"])
def test_every_character_with_all_its_bytes_comes_back_whatever_its_neighbours_lost(text: str) -> None:
    assert repaired(broken(text)) == whole(text)
    assert whole(text) != text
    assert repaired(whole(text)) == whole(text)


def test_what_ftfy_leaves_broken_beside_a_lost_byte_is_repaired_before_it() -> None:
    lost = broken("狼住在森林和平原上")
    assert "在" not in apply(lost, Ftfy().changes(lost))
    assert {*"狼在森"} <= set(repaired(lost))
    assert apply(repaired(lost), Ftfy().changes(repaired(lost))) == repaired(lost)


def test_a_text_that_was_broken_twice_takes_two_rounds() -> None:
    once = whole(CZECH).encode().decode("cp1252", errors="ignore")
    assert repaired(once.encode().decode("cp1252", errors="ignore")).count("í") >= 1


@pytest.mark.parametrize(
    "text",
    [
        "« Café\u00a0» et « thé\u00a0» ou « pavé\u00a0»",
        "É… È… Ô… À…",
        "Größe über Maß, fünf Äpfel",
        RUSSIAN,
        CZECH,
        "W¸U¤Àºp·N ¦p¤£Ä@¦¬¨ì¦¹ µo°]«H¡A½Ð§R°£¡C",  # noqa: RUF001 - Big5 read as Latin-1: two bytes of it happen to be UTF-8
        "東京は日本の首都です。",
        "Â",
        "",
    ],
)
def test_a_line_that_is_whole_or_broken_otherwise_stays(text: str) -> None:
    assert Mojibake().changes(text) == []


def test_a_bound_that_every_line_reaches_is_refused() -> None:
    with pytest.raises(ValueError, match="min_badness 0 must be 1 or more"):
        Mojibake(min_badness=0)
