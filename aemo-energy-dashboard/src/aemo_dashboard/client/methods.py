"""The endpoints as methods: their parameters are the keywords. ``docs/api.md`` says what each column is."""

from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx2
import pandas as pd

from aemo_dashboard.client.asking import Asker
from aemo_dashboard.client.frames import frame_of, newest_of, stored_of
from aemo_dashboard.client.questions import Grouping, Moment, Names, Region, Resolution, parameters

UNSETTLED = "The data changed while the rows were read: some are older than others by that change."


class Client:
    """A dashboard, by its address. Used as a context manager, it leaves it at the end.

    Ranges are ``(start, end]``; naive times are NEM time, aware ones are converted. Without ``end`` they end at the
    newest stored interval, without ``start`` they begin a day before. ``limit`` is of rows in all; without it all come,
    a page after the other where there are many.

    Every method gives a frame with aware stamps in NEM time, NaN where nothing is stored, and in ``attrs`` the range,
    the resolution, ``source`` (to be named with the numbers), ``simulated``, ``notes`` and ``units`` by column. An
    answer that has not changed is not sent again. Every method raises ApiError where the server gives no numbers; what
    passes, such as a restart, is waited for.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:5010",
        *,
        token: str | None = None,
        timeout: float = 60.0,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """``token``: the server's API_TOKEN.   ``timeout``: for one answer [s].   ``transport``: None for httpx2's."""
        self._asker = Asker(base_url, token, timeout, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave the server; the client can't be used any more."""
        self._asker.close()

    def generation_by_fuel(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        fuel: Names = (),
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Mean MW by interval and fuel, with rooftop solar and, of a region, its net import."""
        return self._rows(
            "/api/generation/by-fuel", limit, start=start, end=end, region=region, resolution=resolution, fuel=fuel
        )

    def generation_by_duid(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        fuel: Names = (),
        duid: Names = (),
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Mean MW by interval and unit: of ``duid``, else of all that report of a region and fuel."""
        asked = {"start": start, "end": end, "region": region, "resolution": resolution, "fuel": fuel, "duid": duid}
        return self._rows("/api/generation/by-duid", limit, **asked)

    def regional_prices(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Regional reference prices by interval [$/MWh]; of the NEM those of its five regions."""
        return self._rows("/api/prices/regional", limit, start=start, end=end, region=region, resolution=resolution)

    def price_bands(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Time, generation and revenue by price band, of half hours."""
        return self._rows("/api/prices/bands", limit, start=start, end=end, region=region)

    def transmission_flows(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        interconnector: Names = (),
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Flows between the regions by interval, with their limits, losses and the difference of the prices."""
        asked = {"start": start, "end": end, "region": region, "resolution": resolution}
        return self._rows("/api/transmission/flows", limit, **asked, interconnector=interconnector)

    def rooftop(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Rooftop solar by interval [MW], as AEMO estimates it."""
        return self._rows("/api/rooftop", limit, start=start, end=end, region=region, resolution=resolution)

    def demand(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        limit: int | None = None,
    ) -> pd.DataFrame:
        """TOTALDEMAND by interval and region [MW]; of the NEM its regions and their sum."""
        return self._rows("/api/regions/demand", limit, start=start, end=end, region=region, resolution=resolution)

    def stations(
        self,
        *,
        region: Region = "NEM",
        fuel: Names = (),
        duid: Names = (),
        search: str | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Power stations with their units, owners and capacity; with ``search`` the best comes first."""
        return self._rows("/api/stations", limit, region=region, fuel=fuel, duid=duid, search=search)

    def station(
        self,
        id: str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        resolution: Resolution = "auto",
        limit: int | None = None,
    ) -> pd.DataFrame:
        """What a station (by its name in ``stations``) or a unit (by its DUID) did: the whole, then each unit."""
        path = f"/api/stations/{quote(id, safe='')}"
        return self._rows(path, limit, start=start, end=end, resolution=resolution)

    def revenue(
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        region: Region = "NEM",
        resolution: Resolution = "auto",
        fuel: Names = (),
        by: Grouping = "region-fuel",
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Energy, revenue, VWAP and utilisation of units, together or each, at the price of its region."""
        asked = {"start": start, "end": end, "region": region, "resolution": resolution, "fuel": fuel, "by": by}
        return self._rows("/api/analysis/revenue", limit, **asked)

    def summary(self, *, region: Region = "NEM", period: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """A calendar month such as ``2026-08``, or a year, by region; without one the newest month."""
        return self._rows("/api/summary", limit, region=region, period=period)

    def metadata(self) -> pd.DataFrame:
        """What is stored, a row a table: its span, counts, holes and columns. Licence and version are in ``attrs``."""
        return stored_of(self._asker.facts("/api/metadata"))

    def freshness(self) -> pd.DataFrame:
        """End of the newest stored interval, a row a table."""
        return newest_of(self._asker.facts("/api/freshness"))

    def _rows(self, path: str, limit: int | None, **asked: Moment | Names | None) -> pd.DataFrame:
        found = self._asker.pages(path, parameters(asked), limit)
        return frame_of(found.tables, [] if found.settled else [UNSETTLED])
