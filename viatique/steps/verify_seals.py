"""Every seal is checked: its signature, its link, its anchors, and the events it stands for.

A seal that is right vouches for its events at once; only where it is not are they compared one by
one, so that ten million are checked in minutes and the one that was changed has a name.
"""

from collections.abc import Iterator

from viatique import seals
from viatique.audit import Finding
from viatique.db import seals as stored
from viatique.db.pool import Connection
from viatique.seal_files import SealFiles, read_anchor
from viatique.seals import FIRST_PREVIOUS, Seal

NAMED = 100
"""Events of one seal that are named before "and so many more"."""


def check_seals(connection: Connection, files: SealFiles) -> Iterator[Finding]:
    """Everything that does not fit in seals, anchors and sealed events.

    Args:
        connection: in a transaction that sees one moment of the database.
        files: where the key and the anchors are.
    """
    known = stored.list_seals(connection)
    for path in files.anchors():
        yield from _anchor_findings(path.parent.name, read_anchor(path), known)
    key = files.private_key()
    trusted = seals.public_key_of(key) if key else None
    last: Seal | None = None
    for seal in known:
        for problem in _link_problems(seal, last, trusted):
            yield _finding(seal, problem)
        yield from _event_findings(connection, seal, is_first=last is None)
        last = seal
    for event_id in stored.list_events_ahead(connection):
        yield Finding(copy_id=None, event_id=event_id, message="no transaction has its tick yet")


def _anchor_findings(
    folder: str, anchored: dict[int, bytes], known: tuple[Seal, ...]
) -> Iterator[Finding]:
    digests = {seal.seal_id: seal.digest() for seal in known}
    for seal_id, digest in anchored.items():
        if seal_id not in digests:
            message = f"it is gone, but anchored in {folder}"
        elif digests[seal_id] != digest:
            message = f"it is not the one that was anchored in {folder}"
        else:
            continue
        yield Finding(copy_id=None, event_id=None, seal_id=seal_id, message=message)
    if known and known[-1].seal_id not in anchored:
        yield _finding(known[-1], f"nothing in {folder} vouches for it")


def _link_problems(seal: Seal, last: Seal | None, trusted: bytes | None) -> Iterator[str]:
    """What is wrong with a seal itself and with where it follows the one before."""
    if seal.seal_id != (last.seal_id + 1 if last else 1):
        yield "seals before it are gone"
    elif seal.previous != (last.digest() if last else FIRST_PREVIOUS):
        yield "it does not follow the seal before it"
    if seal.from_tick != (last.to_tick if last else 0):
        yield "it does not begin where the seal before it ends"
    if not seals.is_signed(seal):
        yield "its signature is wrong: it was changed"
    elif trusted and seal.public_key != trusted:
        yield "it was signed with another key than the one kept here"


def _event_findings(connection: Connection, seal: Seal, *, is_first: bool) -> Iterator[Finding]:
    start = stored.LOWEST if is_first else seal.from_tick
    if seals.root_of(_entries(connection, start, seal.to_tick)) == (seal.event_count, seal.root):
        return
    sealed = stored.find_entries(connection, seal.seal_id)
    if seals.root_of(seals.parted(sealed)) != (seal.event_count, seal.root):
        yield _finding(seal, "its events were changed, and its list of them too")
        return
    found = _entries(connection, start, seal.to_tick)
    for count, (event_id, problem) in enumerate(seals.differences(sealed, found)):
        if count == NAMED:
            yield _finding(seal, f"more than {NAMED} of its {seal.event_count} events differ")
            return
        yield Finding(copy_id=None, event_id=event_id, seal_id=seal.seal_id, message=problem)


def _entries(connection: Connection, start: int, end: int) -> Iterator[bytes]:
    return map(seals.entry_of, stored.copy_events(connection, from_tick=start, to_tick=end))


def _finding(seal: Seal, message: str) -> Finding:
    return Finding(copy_id=None, event_id=None, seal_id=seal.seal_id, message=message)
