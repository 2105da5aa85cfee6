"""Which address is served by what: fixed parts before parameters, and nothing by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response

from sogdia.api.problems import Problem
from sogdia.api.routing import Addresses

if TYPE_CHECKING:
    from starlette.requests import Request


def serving(name):
    """Make something that serves, and can be told from others."""

    async def serve(_request: Request) -> Response:
        return Response(name)

    serve.__name__ = name
    return serve


@pytest.fixture
def addresses():
    """Addresses with parameters in several places, one beside a fixed one."""
    made = Addresses()
    for path in ("/v1/things", "/v1/things/new", "/v1/things/{id}", "/v1/things/{id}/parts/{part}", "/v1/{any}/parts"):
        made.add(path, serving(path))
    return made


@pytest.mark.parametrize(
    ("path", "found", "given"),
    [
        ("/v1/things", "/v1/things", {}),
        ("/v1/things/new", "/v1/things/new", {}),
        ("/v1/things/7", "/v1/things/{id}", {"id": "7"}),
        ("/v1/things/7/parts/8", "/v1/things/{id}/parts/{part}", {"id": "7", "part": "8"}),
        ("/v1/others/parts", "/v1/{any}/parts", {"any": "others"}),
    ],
)
def test_an_address_is_found_with_its_parameters(addresses, path, found, given):
    served, parameters = addresses.find(path)

    assert (served.__name__, parameters) == (found, given)


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1", "/v1/things/", "/v1/things//parts/8", "/v1/things/7/parts", "/v1/things/7/", "/v1/{}/$", "/v1/$"],
)
def test_what_is_no_address_is_not_found(addresses, path):
    with pytest.raises(Problem) as raised:
        addresses.find(path)

    assert raised.value.status == 404
