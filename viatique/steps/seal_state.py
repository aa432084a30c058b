"""Whether the trail's guard stands, cheaply enough to be asked at every scrape.

``verify_audit`` checks all of it; this looks at the newest seal, its anchors and the triggers.
"""

from viatique import seals
from viatique.db import seals as stored
from viatique.db.audit import list_disabled_guards
from viatique.db.pool import Connection
from viatique.seal_files import SealFiles, read_anchor


def seal_age_s(connection: Connection) -> float:
    """Seconds since the oldest event happened that no seal holds yet; 0 when all are sealed."""
    last = stored.find_last_seal(connection)
    return stored.oldest_from_s(connection, last.to_tick if last else 0)


def is_seal_sound(connection: Connection, files: SealFiles) -> bool:
    """Whether the newest seal is signed and anchored, and no guard of the trail is off."""
    if list_disabled_guards(connection):
        return False
    last = stored.find_last_seal(connection)
    if last is None:
        return not any(read_anchor(path) for path in files.anchors())
    anchored = (read_anchor(path).get(last.seal_id) for path in files.anchors())
    return seals.is_signed(last) and all(digest == last.digest() for digest in anchored)
