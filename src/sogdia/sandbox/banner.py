"""The banner of a sandbox: a header on every answer, whatever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = (b"sogdia-sandbox", b"true")


class Banner:
    """Stands before an application and puts the header on all that it answers."""

    def __init__(self, inner: ASGIApp) -> None:
        """Stand before `inner`."""
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the header."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), HEADER]
            await send(message)

        await self._inner(scope, receive, marked)
