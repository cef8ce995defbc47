"""Answers as pandas frames. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import timedelta, timezone
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa

FACTS = ("start", "end", "resolution", "source", "simulated", "notes")
STAMP = pd.DatetimeTZDtype("us", timezone(timedelta(hours=10)))


def table_of(body: bytes) -> pa.Table:
    """The rows of an answer, its facts in the metadata."""
    with pa.ipc.open_stream(body) as stream:
        return stream.read_all()


def next_cursor(page: pa.Table) -> str | None:
    """For the rows that follow a page; None after the last."""
    return _metadata(page).get("next_cursor")


def frame_of(pages: Sequence[pa.Table], notes: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of all pages of an answer, in a frame that shares no memory with them.

    Stamps are aware and in NEM time, what is not stored is NaN. ``attrs`` has the facts: ``start`` is that of the first
    page, the others are those of the last one, which is the newest; ``notes`` come after those of the answer. They are
    texts, lists and None alone, so that pandas can write them into a Parquet file.
    """
    plain = [page.replace_schema_metadata() for page in pages]
    frame: pd.DataFrame = pa.concat_tables(plain).to_pandas()
    schema = pages[0].schema
    for field in schema:
        if pa.types.is_list(field.type):
            frame[field.name] = frame[field.name].map(list, na_action="ignore")
    said = {**_metadata(pages[-1]), **{key: text for key, text in _metadata(pages[0]).items() if key == "start"}}
    facts: dict[Hashable, Any] = {name: said.get(name) for name in FACTS}
    facts["notes"] = [*(orjson.loads(said["notes"]) if "notes" in said else []), *notes]
    facts["units"] = {
        field.name: field.metadata[b"unit"].decode() for field in schema if b"unit" in (field.metadata or {})
    }
    frame.attrs = facts
    return frame


def _metadata(page: pa.Table) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (page.schema.metadata or {}).items()}


def stored_of(said: Mapping[str, Any]) -> pd.DataFrame:
    """What is stored: a row a table, the other facts in ``attrs``."""
    frame = pd.DataFrame(said["tables"])
    for name in ("first", "last"):
        frame[name] = _stamps(frame[name])
    frame.attrs = {key: value for key, value in said.items() if key != "tables"}
    return frame


def newest_of(said: Mapping[str, Any]) -> pd.DataFrame:
    """How new the data is: a row a table, NaT for one that holds nothing."""
    tables = said["tables"]
    frame = pd.DataFrame({"table": list(tables), "newest": _stamps(pd.Series(list(tables.values()), dtype="object"))})
    frame.attrs = {key: value for key, value in said.items() if key != "tables"}
    return frame


def _stamps(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, utc=True).astype(STAMP)
