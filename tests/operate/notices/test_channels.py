"""Mail, web push and SMS, each against a real receiver on this machine."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import structs

from sogdia.operate.notices import web_push
from sogdia.operate.notices.desk import AddressWrongError, check_address
from sogdia.operate.notices.mail import Mail
from sogdia.operate.notices.sending import Failure, NotSentError, Parcel
from sogdia.operate.notices.sms import Sms
from sogdia.operate.notices.texts import Text
from sogdia.operate.notices.web_push import PushKeys, WebPush, encrypted
from sogdia.settings.sections import NoticesSettings
from tests.operate.notices.receivers import HttpReceiver, Mailbox, certificate, http_server, mail_server

PARCEL = Parcel("0f" * 16, Text("Заказ ждёт вас", "Посмотрите заказ name-1 до 2026-11-23."), "ru", 3_600, urgent=True)
PASSWORD = "silk-road-1"  # noqa: S105 - of a server on this machine


def spelled(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unspelled(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ------------------------------------------------------------------------------------------------------------- mail


def plain(port: int) -> NoticesSettings:
    return NoticesSettings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="notices@example.org", send_seconds_max=5
    )


@pytest.mark.real("SMTP server (aiosmtpd)")
def test_a_mail_arrives_with_its_words_and_an_id_that_stays():
    box = Mailbox()
    with mail_server(box) as port:
        Mail(plain(port)).send("zarina@example.org", PARCEL)
        Mail(plain(port)).send("zarina@example.org", PARCEL)

    mail = box.mails[0]
    assert mail["Subject"] == "Заказ ждёт вас"
    assert mail["To"] == "zarina@example.org"
    assert mail.get_content().strip() == PARCEL.text.body
    assert mail["Auto-Submitted"] == "auto-generated"
    assert {each["Message-ID"] for each in box.mails} == {f"<{PARCEL.id}@example.org>"}


@pytest.mark.real("SMTP server (aiosmtpd)")
def test_mail_goes_over_starttls_with_a_user_to_a_server_we_trust(tmp_path):
    cert, key = certificate(tmp_path)
    (tmp_path / "password").write_text(f"{PASSWORD}\n", "utf-8")
    box = Mailbox()
    with mail_server(box, (cert, key)) as port:
        settings = NoticesSettings(
            smtp_host="localhost", smtp_port=port, smtp_ca_file=str(cert), smtp_user="sogdia", send_seconds_max=5,
            smtp_password_file=str(tmp_path / "password"), mail_from="notices@example.org",
        )  # fmt: skip
        Mail(settings).send("zarina@example.org", PARCEL)
        with pytest.raises(NotSentError, match="not reached") as distrusted:
            Mail(structs.replace(settings, smtp_ca_file="")).send("zarina@example.org", PARCEL)
        (tmp_path / "password").write_text("wrong", "utf-8")
        with pytest.raises(NotSentError, match="user and password") as unknown:
            Mail(settings).send("zarina@example.org", PARCEL)

    assert box.secure == [True]
    assert distrusted.value.failure is unknown.value.failure is Failure.AGAIN


@pytest.mark.real("SMTP server (aiosmtpd)")
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("451 later", Failure.AGAIN),
        ("554 never", Failure.NEVER),
        ("rcpt 450 full", Failure.AGAIN),
        ("rcpt 550 no such user zarina@example.org", Failure.NEVER),
    ],
)
def test_what_the_mail_server_says_decides_whether_it_is_tried_again(answer, failure):
    box = Mailbox()
    box.answers = [answer]
    with mail_server(box) as port, pytest.raises(NotSentError) as not_sent:
        Mail(plain(port)).send("zarina@example.org", PARCEL)

    assert not_sent.value.failure is failure
    assert "zarina" not in str(not_sent.value)


def test_a_server_that_is_not_there_is_tried_again():
    with pytest.raises(NotSentError) as not_sent:
        Mail(plain(1)).send("zarina@example.org", PARCEL)

    assert not_sent.value.failure is Failure.AGAIN


# ------------------------------------------------------------------------------------------------------------- push


class Browser:
    """A subscribed browser: it alone can read what was pushed to it."""

    def __init__(self) -> None:
        """Make its key and secret."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = bytes(range(16))
        self.public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def address(self, endpoint: str) -> str:
        """Give its subscription, as PushSubscription.toJSON does."""
        keys = {"p256dh": spelled(self.public), "auth": spelled(self.secret)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> bytes:
        """Decrypt by RFC 8188 and RFC 8291, written anew here."""
        salt, length = body[:16], body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\x00" + self.public + theirs
        base = HKDF(SHA256(), 32, self.secret, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(base)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(base)
        return AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00").removesuffix(b"\x02")


def test_a_push_is_the_example_of_rfc_8291():
    own = ec.derive_private_key(
        int.from_bytes(unspelled("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    keys = PushKeys(
        p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth="BTBZMqHH6r4Tts7J_aSIgg",
    )

    body = encrypted(b"When I grow up, I want to be a watermelon", keys, own, unspelled("DGv6ra1nlYgDCS1FRnbzlw"))

    assert spelled(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
        "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_browser_reads_what_was_pushed_and_the_push_service_knows_the_sender(tmp_path):
    browser = Browser()
    settings = NoticesSettings(folder=str(tmp_path), push_contact="mailto:ops@example.org", send_seconds_max=5)
    with http_server(HttpReceiver()) as service:
        push = WebPush(settings, tmp_path, public_only=False)
        push.send(browser.address(f"http://127.0.0.1:{service.port}/send/abc"), PARCEL)

    (request,) = service.requests
    shown = json.loads(browser.read(request.body))
    assert shown == {"title": PARCEL.text.subject, "body": PARCEL.text.body, "lang": "ru", "id": PARCEL.id}
    assert request.headers["Content-Encoding"] == "aes128gcm"
    assert (request.headers["TTL"], request.headers["Urgency"]) == ("3600", "high")
    assert request.headers["Topic"] == PARCEL.id
    assert WebPush(settings, tmp_path).public_key == push.public_key
    token, key = request.headers["Authorization"].removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    raw = unspelled(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unspelled(key)).verify(
        der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256())
    )
    assert json.loads(unspelled(claims))["aud"] == f"http://127.0.0.1:{service.port}"
    assert json.loads(unspelled(claims))["sub"] == "mailto:ops@example.org"


@pytest.mark.parametrize(
    ("status", "failure"),
    [(404, Failure.GONE), (410, Failure.GONE), (400, Failure.NEVER), (413, Failure.NEVER), (429, Failure.AGAIN),
     (500, Failure.AGAIN), (503, Failure.AGAIN), (302, Failure.NEVER), (199 + 101, Failure.NEVER)],
)  # fmt: skip
def test_what_the_push_service_says_decides_what_becomes_of_it(tmp_path, status, failure):
    settings = NoticesSettings(folder=str(tmp_path), push_contact="mailto:ops@example.org", send_seconds_max=5)
    service = HttpReceiver()
    service.answers = [status]
    with http_server(service):
        address = Browser().address(f"http://127.0.0.1:{service.port}/send")
        push = WebPush(settings, tmp_path, public_only=False)
        with pytest.raises(NotSentError) as not_sent:
            push.send(address, PARCEL)

    assert not_sent.value.failure is failure
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.1/x", "https://169.254.169.254/x",
     "https://localhost/x", "https://192.168.1.1:8443/x", "https://0.0.0.0/x"],
)  # fmt: skip
def test_a_push_does_not_reach_into_our_own_network(tmp_path, endpoint):
    settings = NoticesSettings(folder=str(tmp_path), push_contact="mailto:ops@example.org", send_seconds_max=1)

    with pytest.raises(NotSentError) as not_sent:
        WebPush(settings, tmp_path).send(Browser().address(endpoint), PARCEL)

    assert not_sent.value.failure is Failure.NEVER


def test_a_message_too_long_for_a_push_is_refused():
    browser = Browser()
    keys = PushKeys(p256dh=spelled(browser.public), auth=spelled(browser.secret))
    own = ec.generate_private_key(ec.SECP256R1())

    longest = encrypted(b"x" * web_push.MESSAGE_BYTES_MAX, keys, own, bytes(16))

    assert len(longest) <= web_push.RECORD_BYTES
    assert browser.read(longest) == b"x" * web_push.MESSAGE_BYTES_MAX
    with pytest.raises(ValueError, match="3994"):
        encrypted(b"x" * (web_push.MESSAGE_BYTES_MAX + 1), keys, own, bytes(16))


# -------------------------------------------------------------------------------------------------------------- SMS


def gateway(service: HttpReceiver, tmp_path, **settings: str) -> Sms:
    (tmp_path / "secret").write_text(f"{PASSWORD}\n", "utf-8")
    url = settings.pop("sms_url", "/send")
    made = {"sms_url": f"http://127.0.0.1:{service.port}{url}", "sms_secret_file": str(tmp_path / "secret"), **settings}
    return Sms(NoticesSettings(send_seconds_max=5, **made))  # type: ignore[arg-type]


def test_an_sms_is_the_request_that_the_operator_has_written(tmp_path):
    tricky = PARCEL._replace(text=Text("", 'Look at "{secret}" & {to}\n№ 7'))
    with http_server(HttpReceiver()) as service:
        gateway(service, tmp_path, sms_authorization="Bearer {secret}").send("+254712345678", tricky)
        gateway(
            service, tmp_path, sms_content_type="application/x-www-form-urlencoded", sms_body="to={to}&text={text}"
        ).send("+254712345678", tricky)
        gateway(service, tmp_path, sms_method="GET", sms_url="/send?to={to}&text={text}&key={secret}").send(
            "+254712345678", tricky
        )

    as_json, as_form, in_url = service.requests
    assert as_json.document == {"to": "+254712345678", "text": tricky.text.body, "id": PARCEL.id}
    assert as_json.headers["Authorization"] == f"Bearer {PASSWORD}"
    assert as_json.headers["Idempotency-Key"] == PARCEL.id
    assert parse_qs(as_form.body.decode()) == {"to": ["+254712345678"], "text": [tricky.text.body]}
    assert parse_qs(in_url.path.partition("?")[2])["text"] == [tricky.text.body]
    assert parse_qs(in_url.path.partition("?")[2])["key"] == [PASSWORD]
    assert (in_url.method, in_url.body) == ("GET", b"")


@pytest.mark.parametrize(("status", "failure"), [(404, Failure.AGAIN), (422, Failure.NEVER), (502, Failure.AGAIN)])
def test_what_the_gateway_says_decides_whether_it_is_tried_again(tmp_path, status, failure):
    service = HttpReceiver()
    service.answers = [status]
    with http_server(service), pytest.raises(NotSentError) as not_sent:
        gateway(service, tmp_path).send("+254712345678", PARCEL)

    assert not_sent.value.failure is failure


# -------------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mail", "zarina"), ("mail", "a@b"), ("mail", "a@b.example\nBcc: x@y.example"), ("mail", "a b@c.example"),
        ("mail", f"{'a' * 250}@b.example"), ("sms", "0712345678"), ("sms", "+0712345678"), ("sms", "+12345\n678"),
        ("sms", "+1234567890123456"), ("push", "https://push.example"), ("push", "{}"),
        ("push", '{"endpoint":"https://p.example","keys":{"p256dh":"AAAA","auth":"AAAA"}}'),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_reached_is_refused(channel, address):
    with pytest.raises(AddressWrongError):
        check_address(channel, address, "en")


def test_good_addresses_and_languages_are_taken_and_others_are_not():
    check_address("mail", "zarina.o'neil+sogdia@mail.example.org", "uz-Latn-UZ")
    check_address("sms", "+254712345678", "sw")
    check_address("push", Browser().address("https://push.example/x"), "ar")
    with pytest.raises(AddressWrongError, match="'tlh'"):
        check_address("sms", "+254712345678", "tlh")
