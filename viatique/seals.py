"""Seals of the audit trail: Merkle roots linked to each other and signed. Pure, bytes in and out.

The tree is that of RFC 6962 (leaves and nodes are hashed under different prefixes); a leaf is an
event's id and the SHA-256 of its row as Postgres writes it. The signature is Ed25519 (RFC 8032).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ID_BYTES = 8
ENTRY_BYTES = ID_BYTES + 32
FIRST_PREVIOUS = bytes(32)
"""What the first seal is linked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A range of events that nobody can change unnoticed any more.

    Attributes:
        from_tick, to_tick: the events whose tick is in between, ``to_tick`` itself excluded.
        root: of the Merkle tree over the events, by tick and event id.
        previous: digest of the seal before.
        public_key: raw Ed25519 key the signature is checked with.
    """

    seal_id: int
    from_tick: int
    to_tick: int
    event_count: int
    root: bytes
    previous: bytes
    sealed_at: datetime
    public_key: bytes
    signature: bytes = b""

    def statement(self) -> bytes:
        """What is signed: all of the seal, one line a field."""
        lines = (
            "viatique audit seal 1",
            f"seal {self.seal_id}",
            f"ticks {self.from_tick} {self.to_tick}",
            f"events {self.event_count}",
            f"root {self.root.hex()}",
            f"previous {self.previous.hex()}",
            f"at {self.sealed_at.astimezone(UTC).isoformat(timespec='microseconds')}",
            f"key {self.public_key.hex()}",
        )
        return "\n".join(lines).encode()

    def digest(self) -> bytes:
        """What the next seal is linked to, and what is kept outside the database."""
        return hashlib.sha256(self.statement() + self.signature).digest()


def entry_of(row: bytes) -> bytes:
    """The leaf of an event: its id, with which its row begins, and the digest of the row."""
    event_id = int(row[: row.index(b"\t")])
    return event_id.to_bytes(ID_BYTES, "big", signed=True) + hashlib.sha256(row).digest()


def parted(entries: bytes) -> Iterator[bytes]:
    """The leaves of a seal one by one."""
    for start in range(0, len(entries), ENTRY_BYTES):
        yield entries[start : start + ENTRY_BYTES]


def root_of(entries: Iterable[bytes]) -> tuple[int, bytes]:
    """How many leaves there are, and their root."""
    level = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    count = len(level)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        # a node without a neighbour goes up as it is
        level = [_node(*pair) for pair in pairs] + level[len(level) & ~1 :]
    return count, level[0] if level else hashlib.sha256(b"").digest()


def differences(sealed: bytes, found: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Event ids and what happened to each since it was sealed: changed, gone, or put in."""
    before = dict(map(_split, parted(sealed)))
    seen: set[int] = set()
    for event_id, digest in map(_split, found):
        if event_id not in before or event_id in seen:
            yield event_id, "was put in after the sealing"
        elif before[event_id] != digest:
            yield event_id, "was changed after the sealing"
        seen.add(event_id)
    for event_id in before:
        if event_id not in seen:
            yield event_id, "is gone"


def new_key() -> bytes:
    """A private key, raw."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def signed(seal: Seal, private_key: bytes) -> Seal:
    """The seal with its signature."""
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    return replace(seal, signature=key.sign(seal.statement()))


def is_signed(seal: Seal) -> bool:
    """Whether the seal was signed as it is with the key it names."""
    try:
        key = Ed25519PublicKey.from_public_bytes(seal.public_key)
        key.verify(seal.signature, seal.statement())
    except (InvalidSignature, ValueError):
        return False
    return True


def _split(entry: bytes) -> tuple[int, bytes]:
    return int.from_bytes(entry[:ID_BYTES], "big", signed=True), entry[ID_BYTES:]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
