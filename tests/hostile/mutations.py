"""Random changes of bytes, the same for the same seed."""

from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes], bytes]

PDF_TOKENS = (
    b"<<", b">>", b"[", b"]", b"endobj", b"stream\n", b"endstream", b"null", b"1 0 R", b"10 0 R",
    b"12 0 R", b"-1", b"0", b"99999999999", b"1e308", b"4294967296", b"/Length 9", b"/Kids[2 0 R]",
    b"/Filter[/FlateDecode/DCTDecode]", b"/Type/Pages", b"/Rotate 90", b"/Count 70000", b"(", b"%",
    b"/Predictor 15", b"/Crypt", b"/ObjStm", b"/Prev 0", b"\x00", b"\xff\xd8", b"\xff\xd9",
)  # fmt: skip
TEXT_TOKENS = (
    b'"', b"'", b";", b",", b"\t", b"\n", b"\r", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"[", b"]",
    b"{", b"}", b"[[", b"1e999999999", b"-0", b"NaN", b"Infinity", b"9" * 400, b"\\ud800", b"=1+1",
    b"true", b"null", b"\xe2\x80\xae", b"a" * 140_000, b"[" * 3_000, b'{"a":' * 3_000, b"\\u0000",
)  # fmt: skip


def mutated(data: bytes, seed: int, tokens: Sequence[bytes]) -> bytes:
    """The data after one to eight random changes."""
    random = Random(seed)  # noqa: S311  # the same changes each time
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        data = random.choice(MUTATIONS)(random, data)
        if random.random() < 0.5:
            data = _put(random, data, random.choice(tokens))
    return data


def _place(random: Random, data: bytes) -> int:
    return random.randrange(len(data) + 1)


def _put(random: Random, data: bytes, token: bytes) -> bytes:
    place = _place(random, data)
    return data[:place] + token + data[place + random.choice((0, len(token))) :]


def _flip(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 4, 40))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _drop(random: Random, data: bytes) -> bytes:
    place = _place(random, data)
    return data[:place] + data[place + random.choice((1, 16, 400, 5_000)) :]


def _repeat(random: Random, data: bytes) -> bytes:
    place = _place(random, data)
    part = data[place : place + random.choice((1, 30, 900))]
    return data[:place] + part * random.choice((2, 9)) + data[place:]


def _cut(random: Random, data: bytes) -> bytes:
    return data[: _place(random, data)] if random.random() < 0.2 else data


def _number(random: Random, data: bytes) -> bytes:
    """Another number in place of one of the text's."""
    place = _place(random, data)
    while place < len(data) and not data[place : place + 1].isdigit():
        place += 1
    end = place
    while end < len(data) and data[end : end + 1].isdigit():
        end += 1
    other = random.choice((b"0", b"1", b"-1", b"65536", b"2147483648", b"99999999999999999999"))
    return data[:place] + other + data[end:]


MUTATIONS: tuple[Mutation, ...] = (_flip, _drop, _repeat, _cut, _number, _number)
