"""One POST to somebody else's server: no redirects, and no way into networks that the API alone can reach."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

SECONDS_MAX = 10.0
STATUS_LINE_BYTES_MAX = 1_024
URL_CHARACTERS_MAX = 1_000
_HOST = re.compile(r"[0-9A-Za-z.:-]{1,253}\Z")
_PATH = re.compile(r"[!-~]*\Z")


_TRANSLATED = tuple(
    map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10"))
)
"""Addresses behind which a gateway finds any address of the older internet, private ones too; and site-local ones."""


class TargetRefused(Exception):  # noqa: N818 - reads as what it says
    """An address that nothing is sent to."""


class Target(NamedTuple):
    """Where to send: taken apart once, so that what was checked is what is used."""

    secure: bool
    host: str
    port: int
    path: str


def target_of(url: str, *, private: bool) -> Target:
    """Take a URL apart, or say why nothing is sent there."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetRefused("it is no URL") from error
    if len(url) > URL_CHARACTERS_MAX or not _PATH.match(url):
        raise TargetRefused("it is too long, or holds characters that no URL has")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise TargetRefused("only https is sent to")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetRefused("names, passwords and fragments have no place in it")
    if parts.hostname is None or not _HOST.match(parts.hostname):
        raise TargetRefused("it names no host")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, parts.hostname, port or (443 if secure else 80), path)


def is_allowed(address: str, *, private: bool) -> bool:
    """Whether an address may be connected to: a public one, unless private ones are allowed for trials."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif not private and any(found in each for each in _TRANSLATED):
            return False
    if found.is_multicast or found.is_unspecified:
        return False
    return private or found.is_global


async def post(target: Target, body: bytes, headers: dict[str, str], *, private: bool) -> int:
    """Send a body and give the status of the answer; whatever else comes back is not read."""
    async with asyncio.timeout(SECONDS_MAX):
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(target.host, target.port, type=1)
        addresses = [str(each[4][0]) for each in found]
        # Every address must be allowed, and the one that was checked is connected to: a name cannot change its mind.
        if not addresses or not all(is_allowed(each, private=private) for each in addresses):
            raise TargetRefused(f"{target.host} lies in a network that is not sent to")
        secure = ssl.create_default_context() if target.secure else None
        reader, writer = await asyncio.open_connection(
            addresses[0], target.port, ssl=secure, server_hostname=target.host if secure else None
        )
        try:
            host = f"[{target.host}]" if ":" in target.host else target.host
            lines = [f"POST {target.path} HTTP/1.1", f"host: {host}:{target.port}", "connection: close"]
            lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body)
            await writer.drain()
            status = re.match(rb"HTTP/1\.[01] (\d{3})", await reader.read(STATUS_LINE_BYTES_MAX))
            return int(status[1]) if status else 0
        finally:
            writer.close()
