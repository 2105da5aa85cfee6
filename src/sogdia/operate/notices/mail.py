"""Mail by SMTP."""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from sogdia.operate.notices.sending import Failure, NotSentError

if TYPE_CHECKING:
    from sogdia.operate.notices.sending import Parcel
    from sogdia.settings.sections import NoticesSettings

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+\Z")
ADDRESS_MAX = 254
SECRET_BYTES_MAX = 4_096
PERMANENT = 500


class Mail:
    """Sends mail through one server."""

    def __init__(self, settings: NoticesSettings) -> None:
        """Send as the settings say."""
        self._settings = settings

    def send(self, address: str, parcel: Parcel) -> None:
        """Send a notice. Its Message-ID is the same at every attempt, so that receivers can drop a second one."""
        settings = self._settings
        message = EmailMessage(policy=SMTP)
        message["From"] = settings.mail_from
        message["To"] = address
        message["Subject"] = parcel.text.subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{parcel.id}@{settings.mail_from.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = parcel.language
        message.set_content(parcel.text.body + "\n", cte="base64")
        try:
            with self._connected() as server:
                if settings.smtp_user:
                    server.login(settings.smtp_user, read_secret(settings.smtp_password_file))
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            status = max(code for code, _words in refused.recipients.values())
            raise NotSentError(_meaning(status), f"the mail server refused the recipient ({status})") from None
        except smtplib.SMTPAuthenticationError:
            # Somebody has to mend the settings; the notice waits for that.
            raise NotSentError(Failure.AGAIN, "the mail server did not take user and password") from None
        except smtplib.SMTPResponseException as error:
            raise NotSentError(_meaning(error.smtp_code), f"the mail server answered {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotSentError(Failure.AGAIN, f"the mail server was not reached ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        seconds = settings.send_seconds_max
        trusted = ssl.create_default_context(cafile=settings.smtp_ca_file or None)
        if settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=seconds, context=trusted)
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=seconds)
        if settings.smtp_security == "starttls":
            try:
                server.starttls(context=trusted)
            except BaseException:
                server.close()
                raise
        return server


def _meaning(status: int) -> Failure:
    return Failure.NEVER if status >= PERMANENT else Failure.AGAIN


def read_secret(file: str) -> str:
    """Read a password from its file, without the end of the line."""
    with Path(file).open("rb") as stream:
        return stream.read(SECRET_BYTES_MAX).decode().strip()
