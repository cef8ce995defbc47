"""``/openapi.json`` and ``/docs``: what the endpoints are, with examples that run on the data as it is stored now."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from aemo_dashboard.api.columns import row_schema
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.errors import DashboardError
from aemo_dashboard.nemtime import isoformat
from aemo_dashboard.services import Services
from aemo_dashboard.shared import flows_adapter
from aemo_dashboard.shared.asked import Asked, newest_end, window_of
from aemo_dashboard.shared.export import credit
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.station.data import all_stations, popular_stations
from aemo_dashboard.summary.periods import stored_months

DESCRIPTION = """What the pages show, for programs: the same numbers by the same functions, read-only.

- Stamps end their interval and are NEM time (UTC+10 all year); answers write the offset. A range is `(start, end]`.
- Null is: nothing is stored. It is never zero.
- An answer says its window, its notes and its source; units stand in the schema, and in Parquet's and Arrow's fields.
- `ETag` is another one as soon as the data is: ask with `If-None-Match`, and 304 says that nothing has changed.
"""
ASSETS_URL = "docs-assets"
DESCRIBED = ("/api/", "/healthz")
ENVELOPE = {
    "start": {"type": ["string", "null"], "format": "date-time", "description": "Where the range begins, NEM time"},
    "end": {"type": ["string", "null"], "format": "date-time", "description": "Where it ends"},
    "resolution": {
        "type": ["string", "null"],
        "description": "5min, 30min or daily: the intervals of the rows, or summed",
    },
    "notes": {"type": "array", "items": {"type": "string"}, "description": "What is to be known of the numbers"},
    "source": {"type": "string", "description": "Whose numbers they are: to be named with them"},
    "simulated": {"type": ["string", "null"], "description": "Which simulated market; null for the real one"},
    "next_cursor": {"type": ["string", "null"], "description": "For the rows that follow; null after the last"},
}
REFUSAL = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "description": "A sentence"},
        "simulated": {"type": ["string", "null"], "description": "Which simulated market; null for the real one"},
    },
    "required": ["error", "simulated"],
}
REFUSALS = {
    404: "Nothing is stored yet, or there is no such thing",
    413: "Larger than an answer may be; the sentence says what to ask instead",
    422: "A parameter can't be used; the sentence says which and why",
    503: "The data folder can't be read",
}
BINARY = {"schema": {"type": "string", "format": "binary"}}
UNREADABLE = {503: REFUSALS[503]}
UNCHANGED = {"description": "Nothing has changed since the answer with this ETag"}
TOKEN, LIMIT = {401: "No token, or a wrong one"}, {429: "More requests than are allowed"}


def refusals(which: Mapping[int, str] = REFUSALS) -> dict[int | str, dict[str, Any]]:
    """Answers without numbers, as the document has them."""
    return {
        status: {"description": said, "content": {"application/json": {"schema": REFUSAL}}}
        for status, said in which.items()
    }


NO_LINKS: Mapping[str, Any] = MappingProxyType({})
STATION_LINK = {
    "Its first station": {"operationId": "one-station", "parameters": {"id": "$response.body#/data/0/station"}}
}


def responses_of(endpoint: Endpoint, links: Mapping[str, Any] = NO_LINKS) -> dict[int | str, dict[str, Any]]:
    """What an endpoint may answer."""
    envelope = {
        "type": "object",
        "properties": {"data": {"type": "array", "items": row_schema(endpoint.columns)}, **ENVELOPE},
        "required": ["data", *ENVELOPE],
    }
    content = {
        "application/json": {"schema": envelope},
        "text/csv": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": BINARY,
        "application/vnd.apache.arrow.stream": BINARY,
    }
    return {
        200: {"description": "The rows", "content": content, "links": dict(links)},
        304: UNCHANGED,
        **refusals(),
    }


def examples_of(queries: QueryManager) -> dict[str, str]:
    """A value for each parameter that the stored data can answer; none for what isn't stored."""
    try:
        end = newest_end(queries)
        window = window_of(queries, Asked(until=end))
        found = {"start": isoformat(window.start) or "", "end": isoformat(end) or "", "region": "NSW1"}
        largest = popular_stations(queries, all_stations(queries, window), NEM_REGION, window)
        if largest:
            unit = largest[0].units[0]
            found |= {"id": largest[0].key, "duid": unit.duid, "search": largest[0].name[:5]}
        if lines := flows_adapter.reporting(queries):
            found["interconnector"] = lines[0]
        if months := stored_months(queries):
            found["period"] = months[0]
    except DashboardError:  # without data there is nothing to show by an example
        return {}
    return found


SHOWN = ("start", "end", "id", "duid", "search", "interconnector", "period", "region")
"""Parameters that have an example. Some of them narrow what others ask for: not where those are shown."""


def with_examples(document: dict[str, Any], examples: Mapping[str, str]) -> dict[str, Any]:
    """The document with an example for each parameter that has one."""
    paths = {}
    for path, methods in document["paths"].items():
        if not path.startswith(DESCRIBED):  # the pages are routes of the application, too
            continue
        paths[path] = {
            method: {
                **operation,
                "parameters": [_shown(_exactly(each), operation, examples) for each in operation["parameters"]],
            }
            if "parameters" in operation
            else operation
            for method, operation in methods.items()
        }
    return {**document, "paths": paths}


def _exactly(parameter: dict[str, Any]) -> dict[str, Any]:
    """Without null, which a question can't say: a parameter is there or it is not."""
    schema = dict(parameter["schema"])
    told = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    return {**parameter, "schema": schema | told[0] if told else schema}


def _shown(parameter: dict[str, Any], operation: Mapping[str, Any], examples: Mapping[str, str]) -> dict[str, Any]:
    name = parameter["name"]
    beside = {each["name"] for each in operation["parameters"]}
    if (
        name not in SHOWN
        or name not in examples
        or (name == "region" and beside & {"duid", "interconnector", "search"})
    ):
        return parameter
    many = parameter["schema"].get("type") == "array"
    return {**parameter, "example": [examples[name]] if many else examples[name]}


def add_to(app: FastAPI, services: Services) -> None:
    """The document and the page that shows it; all that the page needs is served from here."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/openapi.json")
    def openapi() -> JSONResponse:
        """The document."""
        document = with_examples(app.openapi(), examples_of(services.queries))
        info = {**document["info"], "description": f"{DESCRIPTION}\n{credit(services.simulated)}."}
        return JSONResponse({**document, "info": info})

    @routes.get("/docs")
    def docs() -> HTMLResponse:
        """The page."""
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=f"{app.title}: API",
            swagger_js_url=f"{ASSETS_URL}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS_URL}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS_URL}/favicon-32x32.png",
            swagger_ui_parameters={"tryItOutEnabled": True, "displayRequestDuration": True},
        )

    app.include_router(routes)
    app.mount(f"/{ASSETS_URL}", StaticFiles(packages=[("fastapi_swagger", "resources")]), name=ASSETS_URL)
