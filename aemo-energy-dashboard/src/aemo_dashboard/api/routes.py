"""``/healthz``, ``/api/freshness`` and ``/api/generation-by-fuel``. Times carry +10:00.

Every answer says whether the market is simulated: JSON as ``"simulated"``, ``null`` for the real one; files in their
name, in themselves (`generation.export`) and in the header ``X-NEM-Simulated``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from aemo_dashboard.api import downloads
from aemo_dashboard.api.downloads import SIMULATED_HEADER
from aemo_dashboard.errors import DashboardError, NoDataError, RequestError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.generation.export import file_name, to_csv, to_parquet
from aemo_dashboard.nemtime import isoformat, parse_moment
from aemo_dashboard.services import Services
from aemo_dashboard.shared.export import credit
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.status import freshness


class Format(StrEnum):
    """The kinds of file that a view can be had as."""

    CSV = "csv"
    PARQUET = "parquet"


WRITERS = {
    Format.CSV: (to_csv, "text/csv; charset=utf-8"),
    Format.PARQUET: (to_parquet, "application/vnd.apache.parquet"),
}


def moment(text: str) -> datetime:
    """A query parameter as naive NEM time."""
    try:
        return parse_moment(text)
    except ValueError as error:
        raise RequestError(str(error)) from None


def router(services: Services) -> APIRouter:
    """The endpoints over one data folder. They are plain functions: FastAPI runs them in its threads."""
    routes = APIRouter()

    @routes.get("/healthz")
    def healthz() -> dict[str, str | None]:
        """Whether the process answers."""
        return {"status": "ok", "simulated": services.simulated}

    @routes.get("/api/freshness")
    def newest() -> dict[str, object]:
        """End of the newest stored interval of each table."""
        known = freshness(services.queries).newest
        mark = services.simulated
        tables = {table: isoformat(stamp) for table, stamp in known.items()}
        return {"tables": tables, "source": credit(mark), "simulated": mark}

    @routes.get("/api/generation-by-fuel")
    def generation_by_fuel(
        start: str,
        end: str,
        region: str = "NEM",
        resolution: str = "auto",
        format: Annotated[Format, Query()] = Format.CSV,
    ) -> Response:
        """MW by series and $/MWh by region for the intervals that end in ``(start, end]``."""
        view = load_view(services.queries, region, Window.of(moment(start), moment(end), resolution))
        write, kind = WRITERS[format]
        headers = {"Content-Disposition": f'attachment; filename="{file_name(view, format)}"'}
        if view.simulated is not None:
            headers[SIMULATED_HEADER] = view.simulated
        return Response(write(view), media_type=kind, headers=headers)

    return routes


def add_to(app: FastAPI, services: Services) -> None:
    """Mount the endpoints, and answer our own errors with their sentence."""
    app.include_router(router(services))
    app.include_router(downloads.router(services))

    @app.exception_handler(DashboardError)
    def sentence(_: Request, error: DashboardError) -> JSONResponse:
        status = 422 if isinstance(error, RequestError) else 503
        answer = {"error": str(error), "simulated": services.simulated}
        return JSONResponse(answer, status_code=404 if isinstance(error, NoDataError) else status)
