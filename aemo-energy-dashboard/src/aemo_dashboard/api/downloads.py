"""``/download/<page>/<view>/<block>.csv`` and ``.parquet``: what a page shows, as a file.

The same function that fills the page answers, with the page's URL as parameters; ``until`` names the end of a range
that is counted back from the newest interval.
"""

# mypy: disable-error-code="no-untyped-call"
# param's constructors carry no annotations.

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from aemo_dashboard.api.responding import SIMULATED_HEADER
from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import parse_moment
from aemo_dashboard.pages import page_of
from aemo_dashboard.services import Services
from aemo_dashboard.shared.asked import URL_NAMES, Asked, Frame, window_of
from aemo_dashboard.shared.content import Chart, Table
from aemo_dashboard.shared.export import to_csv, to_parquet
from aemo_dashboard.shared.page import Page, chosen, pinned
from aemo_dashboard.shared.resolution_manager import check_year
from aemo_dashboard.shared.status import simulated_mark
from aemo_dashboard.shared.theme import LIGHT
from aemo_dashboard.shared.url import taken

WRITERS = {
    "csv": (to_csv, "text/csv; charset=utf-8"),
    "parquet": (to_parquet, "application/vnd.apache.parquet"),
}


def asked_of(query: Mapping[str, str]) -> Asked:
    """Region, range and resolution out of a query; RequestError for what isn't one."""
    frame = Frame()
    taken(frame, URL_NAMES, query)
    try:
        until = parse_moment(query["until"]) if "until" in query else None
        if until is not None:
            check_year(until)
    except ValueError as error:
        raise RequestError(str(error)) from None
    asked = frame.asked
    return Asked(asked.region, asked.span, asked.first, asked.last, asked.resolution, until)


def file_of(
    services: Services, page: Page, view_slug: str, block: str, ending: str, query: Mapping[str, str]
) -> Response:
    """One block of a view as a file."""
    view = next((view for view in page.views if view.slug == view_slug), None)
    if view is None or ending not in WRITERS:
        raise RequestError(f"There is no file {view_slug}/{block}.{ending} of {page.title!r}.")
    choices = page.choices()
    taken(choices, page.url_names, query)
    queries = services.queries
    with queries.views.at_a_glance():
        asked = pinned(queries, asked_of(query))
        content = view.show(queries, asked, chosen(choices), LIGHT)
    mark = simulated_mark(queries.data_dir)  # last: rows that were read had their mark before them
    frames = {
        leaf.name: leaf.file_frame if isinstance(leaf, Table) else leaf.exported
        for leaf in content.leaves()
        if isinstance(leaf, Table | Chart)
    }
    frame = frames.get(block)
    if frame is None:
        raise RequestError(content.sentence or f"{page.title!r} has no {block!r} to download here.")
    window = window_of(queries, asked)
    span = content.span or (window.start, window.end)
    stamps = "_".join(moment.strftime("%Y%m%dT%H%M") for moment in span)
    name = f"{page.slug}_{block}_{asked.region}_{stamps}{'' if mark is None else '_simulated'}.{ending}"
    write, kind = WRITERS[ending]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if mark is not None:
        headers[SIMULATED_HEADER] = mark
    return Response(write(frame, mark), media_type=kind, headers=headers)


def router(services: Services) -> APIRouter:
    """The one endpoint, a plain function: FastAPI runs it in its threads."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/download/{page}/{view}/{file}")
    def download(page: str, view: str, file: str, request: Request) -> Response:
        """A chart's or table's numbers."""
        found = page_of(page)
        if found is None:
            raise RequestError(f"There is no page {page!r}.")
        block, _, ending = file.rpartition(".")
        return file_of(services, found, view, block, ending, dict(request.query_params))

    return routes
