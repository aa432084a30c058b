"""Statements a page sends to Postgres, written down while it is visited."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A statement with its arguments, and how long it took."""

    text: str
    arguments: Any
    seconds: float


@contextmanager
def recorded() -> Iterator[list[Query]]:
    """The statements executed in this process while the block lasts."""
    queries: list[Query] = []
    execute = psycopg.Cursor.execute

    def executed(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:  # noqa: ANN401
        started = time.perf_counter()
        result = execute(cursor, query, params, **options)
        seconds = time.perf_counter() - started
        if isinstance(query, str) and query.strip():
            queries.append(Query(text=query, arguments=params, seconds=seconds))
        return result

    psycopg.Cursor.execute = executed  # type: ignore[method-assign]
    try:
        yield queries
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
