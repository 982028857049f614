"""Rings of keys, and what changes when a key does."""

from __future__ import annotations

import stat

import pytest

from pipelines.contract.errors import ConfigError
from pipelines.detectors.keys import id_of, keys_of, newest_key, rotated
from pipelines.detectors.replacement import Replacement

FIRST, SECOND = "0f" * 16, "f0" * 32


def ring(path, *lines, mode=0o600):
    path.write_text("\n".join(("# assay key ring", *lines)) + "\n", encoding="utf-8")
    path.chmod(mode)
    return path


def test_of_a_ring_the_last_key_counts_and_notes_are_none(tmp_path):
    path = ring(tmp_path / "ring", f"{FIRST}  # January", "", "# a line of notes", f"  {SECOND} # February")
    assert keys_of(path) == (bytes.fromhex(FIRST), bytes.fromhex(SECOND))
    assert newest_key(path) == bytes.fromhex(SECOND)


def test_a_ring_that_an_editor_saved_with_a_mark_and_other_line_ends_is_the_same_ring(tmp_path):
    path = tmp_path / "ring"
    path.write_bytes(f"\ufeff# assay key ring\r\n{FIRST}  # January\r\n{SECOND}\r\n".encode())
    path.chmod(0o600)
    assert keys_of(path) == (bytes.fromhex(FIRST), bytes.fromhex(SECOND))
    new = rotated(path, "day")
    assert [id_of(key) for key in keys_of(path)] == [id_of(bytes.fromhex(FIRST)), id_of(bytes.fromhex(SECOND)), new]


def test_a_new_key_changes_every_pseudonym_and_surrogate_and_nothing_else(tmp_path):
    path = ring(tmp_path / "ring", FIRST)
    made = [Replacement(style=style, key_file=path) for style in ("placeholder", "mask", "pseudonym", "surrogate")]
    values = [("EMAIL_ADDRESS", f"jane{number}@acme.org") for number in range(50)]
    before = [[one.text_for(*value) for value in values] for one in made]
    ids = [one.key_id for one in made]
    new = rotated(path, "2026-11-24")
    after = [[one.text_for(*value) for value in values] for one in made]
    assert before[:2] == after[:2]
    assert all(not set(old) & set(other) for old, other in zip(before[2:], after[2:], strict=True))
    assert [len(set(texts)) for texts in after[2:]] == [50, 50]
    assert ids == [None, None, id_of(bytes.fromhex(FIRST)), id_of(bytes.fromhex(FIRST))]
    assert [one.key_id for one in made] == [None, None, new, new]
    assert keys_of(path)[0] == bytes.fromhex(FIRST)  # with it the owner can still tell what older text was written with


def test_a_ring_is_begun_and_kept_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "ring"
    ids = [rotated(path, "first"), rotated(path, "second")]
    assert [id_of(key) for key in keys_of(path)] == ids
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["ring"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "holds no key; add one with: assay pii rotate"),
        (["not hex"], "line 2 of the key ring is no key in hex"),
        ([FIRST, "\u00e9"], "line 3 of the key ring is no key in hex"),
        ([FIRST, "0f0f"], "has 2 bytes; at least 16"),
        ([FIRST, FIRST.upper()], "holds one key twice"),
    ],
)
def test_a_ring_that_is_none_is_refused_in_one_line_that_tells_no_key(tmp_path, lines, message):
    with pytest.raises(ConfigError, match=message) as caught:
        newest_key(ring(tmp_path / "ring", *lines))
    assert "\n" not in str(caught.value)
    assert FIRST not in str(caught.value)


def test_a_key_that_is_no_ring_is_not_rotated_and_a_ring_open_to_others_is_not_read(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(b"k" * 32)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="holds one key and is no ring"):
        rotated(path, "day")
    assert path.read_bytes() == b"k" * 32
    for mode in (0o640, 0o604):
        with pytest.raises(ConfigError, match="chmod 600"):
            rotated(ring(tmp_path / "ring", FIRST, mode=mode), "day")
    with pytest.raises(ConfigError, match="cannot be written"):
        rotated(tmp_path / "no folder" / "ring", "day")


def test_an_empty_ring_takes_the_key_that_its_message_asks_for(tmp_path):
    path = ring(tmp_path / "ring", "# no key yet")
    new = rotated(path, "first")
    assert id_of(newest_key(path)) == new
    assert len(keys_of(path)) == 1
