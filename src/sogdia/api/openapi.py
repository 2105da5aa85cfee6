"""The OpenAPI document and the page for people, both made from the declared routes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from msgspec import inspect as types

from sogdia.api.forms import Schemas
from sogdia.api.problems import PROBLEM, PROBLEM_SCHEMA, REFUSAL_SCHEMA
from sogdia.api.routing import JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from sogdia.api.routing import Route

STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #8886;vertical-align:top}code{overflow-wrap:anywhere}"
)


def document(routes: Sequence[Route], release: str) -> dict[str, Any]:
    """Describe all routes in OpenAPI 3.1."""
    schemas = Schemas()
    schemas.components |= {"Problem": PROBLEM_SCHEMA, "Refusal": REFUSAL_SCHEMA}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sogdia",
            "version": release,
            "description": "Whole numbers are decimal digits in text, bytes are hexadecimal in small letters.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": route.name, "summary": route.summary}
    parameters = [*_parameters(route.path_type, "path", schemas), *_parameters(route.query_type, "query", schemas)]
    if parameters:
        told["parameters"] = parameters
    body = _body(route, schemas)
    if body:
        told["requestBody"] = {"required": True, "content": body}
    told["responses"] = {str(status): _answer(form, route, schemas) for status, form in route.answers.items()}
    if route.method == "GET":
        told["responses"]["304"] = {"description": "The asker has it already."}
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    told["responses"]["default"] = {"description": "A problem.", "content": {PROBLEM: problem}}
    told["security"] = [{"token": []}] if route.needs_reader else [{}, {"token": []}]
    return told


def _body(route: Route, schemas: Schemas) -> dict[str, Any]:
    if route.body_type is not None:
        return {JSON: {"schema": schemas.of(route.body_type)}}
    if route.body_form is not None:
        return {JSON: {"schema": route.body_form[0](schemas)}}
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in route.raw_bodies}


def _answer(form: Any, route: Route, schemas: Schemas) -> dict[str, Any]:  # noqa: ANN401 - a type or a description
    content: dict[str, Any] = {kind: {"schema": {}} for kind in route.other_forms}
    if form is not None:
        content[JSON] = {"schema": form(schemas) if callable(form) and not isinstance(form, type) else schemas.of(form)}
    return {"description": "It is done.", "content": content} if content else {"description": "It is done."}


def _parameters(declared: type[msgspec.Struct], place: str, schemas: Schemas) -> list[dict[str, Any]]:
    inspected = types.type_info(declared)
    fields = inspected.fields if isinstance(inspected, types.StructType) else ()
    return [
        {
            "name": each.encode_name,
            "in": place,
            "required": place == "path" or each.required,
            "schema": _without_null(schemas.describe(each.type)),
        }
        for each in fields
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a parameter that may be left out: it is never null."""
    left = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return left[0] if len(left) == 1 else schema


def page(routes: Sequence[Route], name: str) -> str:
    """Show all routes to people, without script and without anything from elsewhere."""
    rows = "".join(
        f"<tr><td>{each.method}</td><td><code>{escape(each.path)}</code></td><td>{escape(each.summary)}</td></tr>"
        for each in routes
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}: the HTTP API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"<h1>{escape(name)}: the HTTP API</h1><p>Whole numbers are decimal digits in text, bytes are hexadecimal in"
        ' small letters. The whole description: <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1).</p>'
        "<table><thead><tr><th>Method</th><th>Address</th><th>What it does</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>"
    )
