"""``/healthz``, ``/api/freshness`` and ``/api/generation-by-fuel``. Times carry +10:00."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from aemo_dashboard.errors import DashboardError, NoDataError, RequestError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.generation.export import CREDIT, file_name, to_csv, to_parquet
from aemo_dashboard.nemtime import isoformat, parse_moment
from aemo_dashboard.services import Services
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
    def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @routes.get("/api/freshness")
    def newest() -> dict[str, object]:
        """End of the newest stored interval of each table."""
        known = freshness(services.queries).newest
        return {"tables": {table: isoformat(stamp) for table, stamp in known.items()}, "source": CREDIT}

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
        disposition = f'attachment; filename="{file_name(view, format)}"'
        return Response(write(view), media_type=kind, headers={"Content-Disposition": disposition})

    return routes


def add_to(app: FastAPI, services: Services) -> None:
    """Mount the endpoints, and answer our own errors with their sentence."""
    app.include_router(router(services))

    @app.exception_handler(DashboardError)
    def sentence(_: Request, error: DashboardError) -> JSONResponse:
        status = 422 if isinstance(error, RequestError) else 503
        return JSONResponse({"error": str(error)}, status_code=404 if isinstance(error, NoDataError) else status)
