"""The HTTP interface, mounted: the endpoints of `series` and `sums`, facts on the data, files of the pages, documents.

Times carry +10:00. Every answer says whether the market is simulated: JSON as ``"simulated"``, ``null`` for the real
one; files in their name, in themselves and in the header ``X-NEM-Simulated``.
"""

import inspect
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from aemo_dashboard.api import documented, downloads, earlier, series, stations, sums
from aemo_dashboard.api.documented import LIMIT, STATION_LINK, TOKEN, UNCHANGED, UNREADABLE, refusals, responses_of
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.facts import FACTS
from aemo_dashboard.api.guarding import Guard, RefusedError, guard_of
from aemo_dashboard.api.kept_answers import KeptAnswers
from aemo_dashboard.api.responding import SIMULATED_HEADER, Responder
from aemo_dashboard.config import Settings, listed
from aemo_dashboard.errors import DashboardError, NoDataError, RequestError, TooMuchError, UnknownError
from aemo_dashboard.services import Services

ENDPOINTS = (*series.ENDPOINTS, *sums.ENDPOINTS, *stations.ENDPOINTS)
STATUS = {UnknownError: 404, NoDataError: 404, TooMuchError: 413, RequestError: 422, DashboardError: 503}
"""By the first that an error is of."""


def add_to(app: FastAPI, services: Services, settings: Settings) -> None:
    """Mount the endpoints, and answer our own errors with their sentence."""

    def refused(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
        return JSONResponse({"error": sentence, "simulated": services.simulated}, status, headers)

    def refusal_of(error: RefusedError) -> JSONResponse:
        return refused(error.status, str(error), error.headers)

    responder, guard = Responder(services, settings.cache_ttl_seconds), guard_of(settings)
    app.include_router(_open(services))
    app.include_router(_guarded(services, responder, settings, guard))
    app.include_router(downloads.router(services))
    documented.add_to(app, services)
    app.add_middleware(KeptAnswers, responder=responder, state=services.state, guard=guard, refused=refusal_of)
    if origins := listed(settings.api_cors_origins):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET"],
            allow_headers=["Authorization", "If-None-Match"],
            expose_headers=["ETag", "Link", "Content-Disposition", "Retry-After", SIMULATED_HEADER],
        )

    @app.exception_handler(DashboardError)
    def sentence(_: Request, error: DashboardError) -> JSONResponse:
        return refused(next(status for kind, status in STATUS.items() if isinstance(error, kind)), str(error))

    @app.exception_handler(RefusedError)
    def refusal(_: Request, error: RefusedError) -> JSONResponse:
        return refusal_of(error)

    @app.exception_handler(HTTPException)
    def elsewhere(request: Request, error: HTTPException) -> JSONResponse:
        said = {404: "There is nothing at this address.", 405: f"{request.method} is not for this address: use GET."}
        return refused(error.status_code, said.get(error.status_code, f"{error.detail}."), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        return refused(422, " ".join(dict.fromkeys(map(_fault, error.errors()))))


def _open(services: Services) -> APIRouter:
    """What a monitor asks."""
    routes = APIRouter()

    @routes.get("/healthz", tags=["Facts"])
    async def healthz() -> dict[str, str | None]:
        """Whether the process answers: also while every thread has a question."""
        return {"status": "ok", "simulated": services.simulated}

    return routes


def _guarded(services: Services, responder: Responder, settings: Settings, guard: Guard) -> APIRouter:
    """The endpoints over one data folder. What they do is done in threads."""
    extra = (TOKEN if settings.api_token.get_secret_value() else {}) | (LIMIT if settings.api_rate_limit else {})
    said = refusals(extra)
    guards: list[Any] = [Depends(guard)]
    if settings.api_token.get_secret_value():
        guards.append(Depends(HTTPBearer(auto_error=False)))  # for the document: the guard itself is the one above
    routes = APIRouter(dependencies=guards, responses=said)
    for endpoint in ENDPOINTS:
        routes.add_api_route(
            endpoint.path,
            _handler(endpoint, responder),
            response_class=Response,
            responses=responses_of(endpoint, STATION_LINK if endpoint.asked is stations.Stations else {}),
            summary=endpoint.title,
            description=endpoint.meaning,
            operation_id=endpoint.slug,
            tags=["Numbers"],
        )
    one = stations.ONE_STATION

    async def station(
        request: Request,
        asked: Annotated[Any, Query()],
        id: Annotated[str, Path(max_length=120, description="A station by its name, or a unit by its DUID.")],
    ) -> Response:
        return await responder.answer(one, asked, request, id)

    station.__annotations__["asked"] = Annotated[one.asked, Query()]
    routes.add_api_route(
        "/api/stations/{id:path}",
        station,
        response_class=Response,
        responses=responses_of(one),
        summary=one.title,
        description=one.meaning,
        operation_id="one-station",
        tags=["Numbers"],
    )

    for path, title, schema, facts in FACTS:
        routes.add_api_route(
            path,
            _teller(path, facts, responder),
            response_class=Response,
            responses={
                200: {"content": {"application/json": {"schema": schema}}},
                304: UNCHANGED,
                **refusals(UNREADABLE),
            },
            summary=title,
            description=inspect.getdoc(facts),
            operation_id=facts.__name__,
            tags=["Facts"],
        )
    routes.include_router(earlier.router(services))
    return routes


def _handler(endpoint: Endpoint, responder: Responder) -> Any:
    async def answer(request: Request, asked: Any) -> Response:
        return await responder.answer(endpoint, asked, request)

    answer.__annotations__["asked"] = Annotated[endpoint.asked, Query()]
    return answer


def _teller(path: str, facts: Any, responder: Responder) -> Any:
    async def tell(request: Request) -> Response:
        return await responder.tell(path, facts, request)

    return tell


def _fault(fault: Any) -> str:
    """What is wrong with a parameter, in a sentence."""
    where = [str(part) for part in fault["loc"] if part not in ("query", "path")]
    name, said = where[0] if where else "the question", str(fault["msg"])
    if fault["type"] == "extra_forbidden":
        return f"{name[:80]!r} is no parameter of this."
    return f"{name}={str(fault['input'])[:80]!r} can't be used: {said[:1].lower()}{said[1:]}."
