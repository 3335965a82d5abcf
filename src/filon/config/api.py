"""The REST API: its routers, its keys, its problems."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import PathView
from ninja.parser import Parser
from ninja.security import HttpBearer

from filon.capture.api import router as capture_router
from filon.capture.costs.api import router as costs_router
from filon.config.api_page import ApiPage
from filon.core import keys
from filon.core.access import Actor
from filon.deals.api import router as deals_router
from filon.handoff.api import router as handoff_router
from filon.kit import json_in, web
from filon.kit.errors import Kind, Refused
from filon.leads.card.api import router as lead_router
from filon.leads.directory.api import router as directory_router
from filon.leads.listing.api import router as leads_router
from filon.measure.api import router as measure_router
from filon.routing.api import router as routing_router
from filon.scoring.api import router as scoring_router


class BearerKey(HttpBearer):
    """An API key made in the settings or by `filon key create`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Set the request's actor to the key's."""
        actor = keys.authenticate(f"Bearer {token}")
        if actor is not None:
            request.actor = actor  # type: ignore[attr-defined]
        return actor


class JSONParser(Parser):
    """Reads bodies as the doors and the idempotency keys do: strict JSON in UTF-8, so that all mean the same by it."""

    def parse_body(self, request: HttpRequest) -> Any:
        """What was sent; ninja answers 400 to any error."""
        return json_in.read(request.body)


class FilonAPI(NinjaAPI):
    """ninja's API, whose description says that what goes wrong is `application/problem+json`."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        """The OpenAPI document."""
        schema = super().get_openapi_schema(*args, **kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if int(status) >= 400 and "application/json" in content:
                        content[web.PROBLEM_TYPE] = content.pop("application/json")
        return schema


api = FilonAPI(
    title="Filon",
    version="1",
    description="Leads in, figures out. Bearer keys with scopes; errors are application/problem+json (RFC 9457); "
    "lists take `limit`, `after` (keyset cursor) and `filter` (condition language); every POST and "
    "PATCH takes an `Idempotency-Key`.",
    auth=BearerKey(),
    parser=JSONParser(),
    docs=ApiPage(),
    urls_namespace="api",
)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return web.problem(error)


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    refused = Refused("Send a valid API key: Authorization: Bearer filon_…", Kind.NOT_SIGNED_IN, code="no_valid_key")
    response = web.problem(refused)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    problems: list[dict[str, Any]] = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"], "code": item["type"]}
        for item in error.errors
    ]
    message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems[:5])
    return web.problem(Refused(message, Kind.INVALID, problems, "invalid"))


@api.exception_handler(HttpError)
def _malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
    kind = Kind.MALFORMED if error.status_code == 400 else Kind.INVALID
    return web.problem(Refused(str(error), kind, code="malformed"))


_paths: dict[str, PathView] = {}


def _mount(router: Router) -> None:
    """Mount a router. Operations on a path that another one has go there: Django asks one view a path."""
    for path, view in list(router.path_operations.items()):
        known = _paths.setdefault(path, view)
        if known is not view:
            known.operations += view.operations
            del router.path_operations[path]
    api.add_router("", router)


for _router in (
    capture_router,
    leads_router,
    lead_router,
    directory_router,
    costs_router,
    measure_router,
    scoring_router,
    routing_router,
    handoff_router,
    deals_router,
):
    _mount(_router)
