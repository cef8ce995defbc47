"""``/api/generation-by-fuel``, older than ``/api/generation/by-fuel``: the stack and its prices side by side, as CSV or
Parquet. Kept for who asks it; it is in no document.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from aemo_dashboard.api.responding import SIMULATED_HEADER
from aemo_dashboard.errors import RequestError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.generation.export import file_name, to_csv, to_parquet
from aemo_dashboard.nemtime import parse_moment
from aemo_dashboard.services import Services
from aemo_dashboard.shared.resolution_manager import Window


class Format(StrEnum):
    """The kinds of file."""

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
    """The one endpoint."""
    routes = APIRouter(include_in_schema=False)

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
