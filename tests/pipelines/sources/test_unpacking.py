"""Unpacking and line cutting, in bounded memory."""

from __future__ import annotations

import gzip
import itertools

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.unpacking import Unreadable, blocks, lines

PACKERS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}


def unpacked(path, codec, max_ratio=100):
    """Bytes before a break, and the class of the break."""
    found = b""
    try:
        for block in blocks(path, codec, max_ratio):
            found += block
    except Unreadable as broken:
        return found, broken.error
    return found, None


@pytest.mark.parametrize("codec", PACKERS)
def test_what_stands_before_a_cut_is_given_at_every_cut(tmp_path, codec):
    data = "".join(f"line {i}\n" for i in range(400)).encode()
    packed = PACKERS[codec](data)
    path = tmp_path / "file"
    longest = b""
    for cut in range(1, len(packed), 7):
        path.write_bytes(packed[:cut])
        found, error = unpacked(path, codec)
        assert data.startswith(found)
        assert error == f"truncated_{codec}"
        longest = max(longest, found, key=len)
    assert codec == "zstd" or len(longest) > len(data) // 2  # zstd packs so little text as one block


@pytest.mark.parametrize("codec", PACKERS)
def test_several_packed_parts_in_one_file_are_read_as_one(tmp_path, codec):
    path = tmp_path / "file"
    path.write_bytes(PACKERS[codec](b"one\n") + PACKERS[codec](b"two\n"))
    assert unpacked(path, codec) == (b"one\ntwo\n", None)


@pytest.mark.parametrize("codec", PACKERS)
def test_bytes_that_are_not_packed_are_a_fault_and_not_text(tmp_path, codec):
    path = tmp_path / "file"
    path.write_bytes(b"this is plain text, whatever its name says")
    assert unpacked(path, codec) == (b"", f"corrupt_{codec}")


@pytest.mark.parametrize("codec", PACKERS)
def test_a_bomb_is_stopped_soon_after_the_grace(tmp_path, codec):
    path = tmp_path / "file"
    path.write_bytes(PACKERS[codec](bytes(200 << 20)))
    sizes = []

    def unpack():
        sizes.extend(map(len, blocks(path, codec, 100)))

    with pytest.raises(Unreadable) as caught:
        unpack()
    assert caught.value.error == "unpacked_too_large"
    assert max(sizes, default=0) <= 64 << 20
    assert sum(sizes) <= 100 << 20


def test_an_empty_file_and_padding_after_the_data_are_no_faults(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert [unpacked(path, codec) for codec in ("plain", "gzip", "zstd")] == [(b"", None)] * 3
    path.write_bytes(gzip.compress(b"text") + bytes(512))
    assert unpacked(path, "gzip") == (b"text", None)


def test_a_flipped_bit_in_the_packed_data_is_found(tmp_path):
    packed = bytearray(gzip.compress(b"some text that is packed" * 50))
    packed[-6] ^= 1  # the checksum
    path = tmp_path / "file"
    path.write_bytes(packed)
    assert unpacked(path, "gzip")[1] == "corrupt_gzip"


@given(st.binary(max_size=60).map(lambda b: b.replace(b"x", b"\n")), st.lists(st.integers(0, 60), max_size=5), st.integers(1, 20))
@settings(deadline=None, max_examples=200)
def test_lines_do_not_depend_on_how_the_stream_was_cut(data, cuts, max_bytes):
    edges = [0, *sorted(c for c in cuts if c < len(data)), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    expected, offset = [], 0
    for line in data.split(b"\n") if data else []:
        expected.append((offset, len(line), line if len(line) <= max_bytes else None))
        offset += len(line) + 1
    if data.endswith(b"\n"):
        expected.pop()
    found = [(line.offset, line.length, line.data) for line in lines(iter(pieces), max_bytes)]
    assert found == expected
