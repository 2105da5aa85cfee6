"""What an operator may decide about the API, and the limits that hold unless something else is said."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Some = Annotated[int, Meta(ge=1, le=2**31)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The API's settings."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8_080
    allowed_origins: tuple[str, ...] = ()
    """Pages of which other sites may read answers in a browser (CORS); none unless named."""

    hosts: tuple[str, ...] = ()
    """The names (with the port, if it is not that of the scheme) under which this API is asked: what was signed for
    another API is not taken here. Any name unless some are given."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose word about the asker's address (X-Forwarded-For) counts; nobody's unless named."""

    requests_a_second: Some = 200
    """How many requests an address may send a second, over a longer time."""

    requests_at_once: Some = 1_000
    """How many it may save up."""

    connections_max: Some = 2_000
    connections_of_an_address: Some = 500
    header_bytes_max: Some = 16 * 1_024
    header_seconds: Some = 10
    body_bytes_max: Some = 8 * 2**20
    body_seconds: Some = 20
    idle_seconds: Some = 30
    batch_max: Some = 500
    listeners_max: Some = 1_000
    webhooks_max: Some = 1_000
    webhooks_of_an_account: Some = 16
    private_webhooks: bool = False
    """Whether webhooks may go to loopback and private addresses and without TLS; for trials on one machine."""
