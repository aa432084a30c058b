"""How often somebody may ask: a sliding minute for each key, kept in this process's memory."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Limiter:
    """At most ``per_minute`` hits of a key in a minute; a key that stays away is forgotten."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def wait_s(self, key: str) -> int:
        """Counts a hit and gives 0, or the seconds to wait (1 or more) when it is one too many."""
        return 0 if self._limiter.hit(self._item, key) else self._pause_s(key)

    def spent_s(self, key: str) -> int:
        """The same without counting."""
        return 0 if self._limiter.test(self._item, key) else self._pause_s(key)

    def _pause_s(self, key: str) -> int:
        reset = self._limiter.get_window_stats(self._item, key).reset_time
        return max(1, math.ceil(reset - time.time()))
