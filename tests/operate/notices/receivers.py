"""Receivers on this machine: a real mail server, a push service, an SMS gateway; and a ledger with parties to tell."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path


class Mailbox:
    """Takes mail, and answers as the test wants."""

    def __init__(self) -> None:
        """Begin with no mail."""
        self.mails: list[EmailMessage] = []
        self.secure: list[bool] = []
        self.answers: list[str] = []
        self.on_mail: Callable[[], None] = lambda: None

    async def handle_RCPT(self, *asked: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's name and arguments
        """Take a recipient."""
        if self.answers and self.answers[0].startswith("rcpt "):
            return self.answers.pop(0).removeprefix("rcpt ")
        _server, _session, envelope, address, _options = asked
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - as above
        """Take a mail."""
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.secure.append(session.ssl is not None)
        self.on_mail()
        return "250 taken"


class _Starttls(Controller):
    """A server that demands STARTTLS and a user."""

    context: ssl.SSLContext

    def factory(self) -> SMTP:
        """Make a session."""

        def known(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:  # noqa: ANN401
            right = (data.login, data.password) == (b"sogdia", b"silk-road-1")
            return AuthResult(success=right, handled=False)

        return SMTP(
            self.handler, require_starttls=True, tls_context=self.context, auth_required=True, authenticator=known,
            hostname="localhost", auth_exclude_mechanism=("LOGIN",),
        )  # fmt: skip


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine; gives it and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@contextmanager
def mail_server(mailbox: Mailbox, tls: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Run a mail server; gives its port. With a certificate it demands STARTTLS and the user sogdia."""
    controller: Controller
    if tls is None:
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    else:
        controller = _Starttls(mailbox, hostname="127.0.0.1", port=free_port())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, tls))
        controller.context = context
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


class Received(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The JSON of the body."""
        return json.loads(self.body)


class HttpReceiver:
    """Takes requests, and answers as the test wants."""

    def __init__(self) -> None:
        """Begin with no request."""
        self.requests: list[Received] = []
        self.answers: list[int] = []
        self.port = 0


@contextmanager
def http_server(receiver: HttpReceiver) -> Iterator[HttpReceiver]:
    """Run an HTTP server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Serves one request."""

        def do_POST(self) -> None:
            """Take a request."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.requests.append(Received(self.command, self.path, dict(self.headers), body))
            status = receiver.answers.pop(0) if receiver.answers else 201
            self.send_response(status)
            if status in {301, 302, 307}:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_PUT = do_POST  # noqa: N815 - as above

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
