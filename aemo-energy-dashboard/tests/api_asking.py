"""Asks the HTTP interface, in this process."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fastapi.testclient import TestClient

from aemo_dashboard.app import create_app
from aemo_dashboard.config import Settings

ZONE = "+10:00"


@contextlib.contextmanager
def asking(root: Path, **settings: Any) -> Iterator[TestClient]:
    """A client of an application over a data folder."""
    app = create_app(Settings(shared_data_dir=root, dashboard_cache_dir=root.parent / "cache", **settings))
    with TestClient(app) as client:
        yield client


def rows(client: TestClient, path: str, **query: Any) -> pd.DataFrame:
    """The rows of a JSON answer, with null as NaN."""
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return pd.DataFrame(answer.json()["data"])


def wide(client: TestClient, path: str, series: str, value: str, **query: Any) -> pd.DataFrame:
    """A value by stamp (naive NEM time) and series."""
    frame = rows(client, path, **query)
    assert frame["settlementdate"].str.endswith(ZONE).all()
    frame["settlementdate"] = frame["settlementdate"].str.removesuffix(ZONE)
    return frame.pivot(index="settlementdate", columns=series, values=value).astype("float64")


def file(client: TestClient, place: str, **query: Any) -> pd.DataFrame:
    """What a page shows, as its own file has it."""
    answer = client.get(f"/download/{place}.csv", params=query)
    assert answer.status_code == 200, answer.text
    frame = pd.read_csv(io.BytesIO(answer.content))
    if "settlementdate" in frame:
        frame["settlementdate"] = frame["settlementdate"].str.removesuffix(ZONE)
    return frame


def read(content: bytes, kind: str) -> pa.Table:
    """A binary answer."""
    return pq.read_table(io.BytesIO(content)) if kind == "parquet" else pa.ipc.open_stream(content).read_all()
