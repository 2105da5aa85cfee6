"""SMS through whatever gateway the operator has: one HTTP request, made from a template."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from sogdia.operate.notices.mail import read_secret
from sogdia.operate.notices.sending import Failure, NotSentError, judge, request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sogdia.operate.notices.sending import Parcel
    from sogdia.settings.sections import NoticesSettings

ADDRESS = re.compile(r"\+[1-9][0-9]{6,14}\Z")
"""A number by ITU-T E.164."""

_PLACE = re.compile(r"\{(to|text|id|secret)\}")


class Sms:
    """Sends SMS through one gateway."""

    def __init__(self, settings: NoticesSettings) -> None:
        """Send as the settings say."""
        self._settings = settings

    def send(self, address: str, parcel: Parcel) -> None:
        """Send a notice; `{id}` is the same at every attempt, so that a gateway can drop a second one."""
        settings = self._settings
        secret = read_secret(settings.sms_secret_file) if settings.sms_secret_file else ""
        values = {"to": address, "text": parcel.text.body, "id": parcel.id, "secret": secret}
        headers = {"Idempotency-Key": parcel.id}
        if settings.sms_authorization:
            headers["Authorization"] = _filled(settings.sms_authorization, values, _of_header)
        body = b""
        if settings.sms_method != "GET":
            headers["Content-Type"] = settings.sms_content_type
            escape = _of_json if settings.sms_content_type == "application/json" else quote_plus
            body = _filled(settings.sms_body, values, escape).encode()
        url = _filled(settings.sms_url, values, lambda value: quote(value, safe=""))
        status = request(settings.sms_method, url, headers, body, seconds=settings.send_seconds_max, public_only=False)
        if status in {404, 410}:
            # The gateway's own address is wrong, which says nothing about the number.
            raise NotSentError(Failure.AGAIN, f"the gateway answered {status}")
        judge(status)


def _filled(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Put the values in their places, in one pass: a place inside a value is no place."""
    return _PLACE.sub(lambda found: escape(values[found.group(1)]), template)


def _of_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _of_header(value: str) -> str:
    return "".join(each for each in value if each.isascii() and each.isprintable())
