"""Unpacking and line cutting, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.unpacking import Unreadable, blocks, lines

PACKERS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress, "bzip2": bz2.compress, "xz": lzma.compress}


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
    assert codec != "gzip" or len(longest) > len(data) // 2  # the others pack so little text as one block


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


@pytest.mark.parametrize("log", [27, 30, 31])
def test_zstd_with_a_large_window_is_read(tmp_path, log):
    parameters = zstandard.ZstdCompressionParameters(window_log=log)
    data = b"some text\n" * 1000
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()  # without a size, so that the window is written
    path = tmp_path / "file"
    path.write_bytes(packer.compress(data) + packer.flush())
    assert zstandard.get_frame_parameters(path.read_bytes()).window_size == 1 << log
    assert unpacked(path, "zstd", 1000) == (data, None)


def test_zstd_frames_that_cannot_be_unpacked_here_say_why(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\x28\xb5\x2f\xfd\x00" + bytes([22 << 3]) + b"rest")  # a window of 2**32
    assert unpacked(path, "zstd") == (b"", "zstd_window_too_large")
    words = zstandard.train_dictionary(1000, [b"%d some words that repeat %d" % (i, i * 7) for i in range(500)])
    path.write_bytes(zstandard.ZstdCompressor(dict_data=words).compress(b"some words that repeat"))
    assert unpacked(path, "zstd") == (b"", "zstd_needs_dictionary")


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
