"""The events of the trail that are settled get their seal, and the seal its anchor.

Seals are signed with the key of one folder: where several machines work on one database, that
folder is shared, or one machine seals.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from viatique import seals
from viatique.db import clock
from viatique.db import seals as stored
from viatique.db.pool import Connection, Database
from viatique.errors import TrailBroken
from viatique.seal_files import SealFiles, append_anchor, read_anchor
from viatique.seals import FIRST_PREVIOUS, Seal
from viatique.tracing import traced

logger = logging.getLogger("audit")

EVENTS_A_SEAL = 50_000
"""A seal of 2 MB at most, but for a larger transaction."""


@traced
def seal_trail(database: Database, files: SealFiles, *, limit: int = EVENTS_A_SEAL) -> int:
    """Seals every settled event; returns how many events were sealed.

    Raises:
        TrailBroken: seals and anchors do not fit, or the signing key is not here.
        StoreUnavailable: an anchor cannot be written now.
    """
    # anchors first: of what another process seals meanwhile, the anchor comes last
    anchored = {path: read_anchor(path) for path in files.anchors()}
    with database.transaction() as connection:
        known = stored.list_seals(connection)
    try:
        _check_anchors(anchored.values(), known)
        key = _signing_key(files, known)
    except TrailBroken:
        logger.critical("audit_seal_broken", exc_info=True)
        raise
    for path, there in anchored.items():
        append_anchor(path, _unanchored(there, known))
    events = 0
    while seal := _seal_next(database, key, limit):
        for path in files.anchors():
            append_anchor(path, [seal])
        events += seal.event_count
        logger.info("audit_sealed", extra={"seal_id": seal.seal_id, "events": seal.event_count})
    return events


def _seal_next(database: Database, key: bytes, limit: int) -> Seal | None:
    with database.transaction() as connection:
        stored.lock_sealing(connection)
        last = stored.find_last_seal(connection)
        start = last.to_tick if last else 0
        settled = stored.find_settled_tick(connection)
        end = stored.find_range_end(connection, from_tick=start, settled=settled, limit=limit)
        if end is None:
            return None
        entries = b"".join(_entries(connection, start, end))
        seal = _signed(last, start, end, entries, key, at=clock.now(connection))
        stored.insert_seal(connection, seal, entries)
    return seal


def _entries(connection: Connection, start: int, end: int) -> Iterator[bytes]:
    rows = stored.copy_events(connection, from_tick=start, to_tick=end)
    return map(seals.entry_of, rows)


def _signed(
    last: Seal | None, start: int, end: int, entries: bytes, key: bytes, *, at: datetime
) -> Seal:
    count, root = seals.root_of(seals.parted(entries))
    seal = Seal(
        seal_id=last.seal_id + 1 if last else 1,
        from_tick=start,
        to_tick=end,
        event_count=count,
        root=root,
        previous=last.digest() if last else FIRST_PREVIOUS,
        sealed_at=at,
        public_key=seals.public_key_of(key),
    )
    return seals.signed(seal, key)


def _signing_key(files: SealFiles, known: tuple[Seal, ...]) -> bytes:
    key = files.private_key()
    if key is None and not known:
        return files.make_key()
    if key is None or (known and known[-1].public_key != seals.public_key_of(key)):
        raise TrailBroken(
            "The key that signed the last seal is not here.",
            next_step="Point VIATIQUE_SEAL_FOLDER at the folder that holds it.",
        )
    return key


def _check_anchors(anchors: Iterable[dict[int, bytes]], known: tuple[Seal, ...]) -> None:
    digests = {seal.seal_id: seal.digest() for seal in known}
    for anchored in anchors:
        for seal_id, digest in anchored.items():
            if digests.get(seal_id) != digest:
                raise TrailBroken(
                    f"Seal {seal_id} is not the one that was anchored.",
                    next_step="`viatique audit verify` tells what was changed.",
                )


def _unanchored(anchored: dict[int, bytes], known: tuple[Seal, ...]) -> list[Seal]:
    """Seals whose anchor a crash, or a second folder that is new, left out."""
    return [seal for seal in known if seal.seal_id not in anchored and seals.is_signed(seal)]
