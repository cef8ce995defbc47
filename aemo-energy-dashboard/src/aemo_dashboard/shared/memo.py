"""What has been computed, kept by its question, bounded in bytes and in time; equal questions at once run once."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from cachetools import TTLCache

Key = tuple[Hashable, ...]
Value = TypeVar("Value")


class Memo(Generic[Value]):
    """Safe to call from any thread. ``size``: the bytes that a value takes; one that is larger than all of the room is
    not kept.
    """

    def __init__(self, ttl_seconds: float, max_bytes: int, size: Callable[[Value], int]) -> None:
        self.hits = 0
        self.misses = 0
        self._max_bytes = max_bytes
        self._size = size
        self._kept: TTLCache[Key, Value] = TTLCache(max_bytes, ttl_seconds, getsizeof=size)
        self._running: dict[Key, Future[Value]] = {}
        self._lock = threading.Lock()

    def kept(self, key: Key) -> Value | None:
        """The value of a key where it is kept; nothing is made."""
        with self._lock:
            value = self._kept.get(key)
            self.hits += value is not None
            return value

    def have(self, key: Key, make: Callable[[], tuple[Key, Value]]) -> Value:
        """The value of a key. ``make`` gives it with the key that it really is of, which may be newer than that."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self.hits += 1
                return kept
            waiting = self._running.get(key)
            if waiting is None:
                self.misses += 1
                mine: Future[Value] = Future()
                self._running[key] = mine
        if waiting is not None:
            return waiting.result()
        try:
            really, value = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            self._keep(really, value)
            mine.set_result(value)
            return value
        finally:
            with self._lock:
                del self._running[key]

    def _keep(self, key: Key, value: Value) -> None:
        if self._size(value) <= self._max_bytes:
            with self._lock:
                self._kept[key] = value
