"""Every setting there is, with its type, its bounds and its default. Units stand at the end of the names.

A setting is called `section.name`. It is given in a TOML file (`[section]`, then `name = value`), in the environment
(`SOGDIA_SECTION_NAME`), or on the command line, which comes first. A list is an array in the file, and a
text with commas or spaces elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

DAY_SECONDS = 86_400
_PORT = "[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
PORT_PATTERN = rf"^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):({_PORT})\Z"

Path = Annotated[str, Meta(max_length=4_096, pattern=r"^[^\x00]*\Z")]
AddressOrNone = Annotated[str, Meta(max_length=300, pattern=rf"^\Z|{PORT_PATTERN}")]
Address = Annotated[str, Meta(max_length=300, pattern=PORT_PATTERN)]
Database = Annotated[str, Meta(max_length=2_000, pattern=r"^\Z|^(sqlite|postgresql(\+[a-z]+)?)://[^\s]*\Z")]
Origin = Annotated[str, Meta(max_length=300, pattern=r"^https?://[^\s/,]+\Z")]
HostName = Annotated[str, Meta(max_length=300, pattern=r"^[0-9A-Za-z.\[\]:-]+\Z")]
Proxy = Annotated[str, Meta(max_length=60, pattern=r"^[0-9A-Fa-f.:/]+\Z")]
HttpUrlOrNone = Annotated[str, Meta(max_length=2_000, pattern=r"^\Z|^https?://[^\s]+\Z")]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of settings."""


class NodeSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The node itself."""

    folder: Annotated[Path, Meta(description="The node's data folder.")] = ""
    verifier: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="A second process that checks signatures; `auto` means when there is a second core."),
    ] = "auto"
    connections_max: Annotated[
        int, Meta(ge=1, le=4_096, description="Connections to the local socket at once. Changes on reload.")
    ] = 256
    waiting_envelopes_max: Annotated[
        int, Meta(ge=500, le=1_000_000, description="Envelopes that may wait for their block. Changes on reload.")
    ] = 50_000
    http: Annotated[
        AddressOrNone, Meta(description="Where the HTTP API runs beside the node, ending with it. Empty: it does not.")
    ] = ""
    explorer: Annotated[
        AddressOrNone, Meta(description="Where the explorer runs beside the node, ending with it. Empty: it does not.")
    ] = ""


class IndexSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The index, for those who keep it and those who read it."""

    database: Annotated[
        Database,
        Meta(
            description="sqlite:///FILE or postgresql://…, where the index stands. Empty: a file in the node's folder."
        ),
    ] = ""


class VaultSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The vault, as the HTTP API serves it."""

    place: Annotated[
        Path, Meta(description="A folder, s3://BUCKET or https://SERVER/BUCKET. Empty: none is served.")
    ] = ""


class ApiSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP API, `sogdia api start`."""

    listen: Annotated[Address, Meta(description="Where it listens: host and port.")] = "127.0.0.1:8080"
    hosts: Annotated[
        tuple[HostName, ...],
        Meta(
            max_length=100,
            description="Its own names, with the port if it is not that of the scheme: what was signed for another"
            " API is not taken. Empty: any name.",
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[Origin, ...], Meta(max_length=100, description="Sites whose pages may read answers in a browser (CORS).")
    ] = ()
    trusted_proxies: Annotated[
        tuple[Proxy, ...],
        Meta(max_length=100, description="Proxies whose word about the asker's address (X-Forwarded-For) counts."),
    ] = ()
    requests_a_second: Annotated[
        int, Meta(ge=1, le=10_000_000, description="Requests that an address may send a second, over a longer time.")
    ] = 200
    requests_at_once: Annotated[int, Meta(ge=1, le=10_000_000, description="Requests that an address may save up.")] = (
        1_000
    )
    connections_max: Annotated[int, Meta(ge=1, le=100_000, description="Connections at once.")] = 2_000
    connections_of_an_address: Annotated[
        int, Meta(ge=1, le=100_000, description="Connections of one address at once.")
    ] = 500
    header_bytes_max: Annotated[int, Meta(ge=1_024, le=2**20, description="How long the head of a request may be.")] = (
        16 * 1_024
    )
    header_seconds: Annotated[int, Meta(ge=1, le=600, description="How long a head may take to come.")] = 10
    body_bytes_max: Annotated[
        int,
        Meta(ge=1_024, le=2**30, description="How large a body may be; blobs of the vault may be as large as a blob."),
    ] = 8 * 2**20
    body_seconds: Annotated[int, Meta(ge=1, le=3_600, description="How long a body may take to come.")] = 20
    idle_seconds: Annotated[int, Meta(ge=1, le=3_600, description="How long a connection may lie idle.")] = 30
    batch_max: Annotated[int, Meta(ge=1, le=10_000, description="Envelopes in one batch.")] = 500
    listeners_max: Annotated[int, Meta(ge=1, le=100_000, description="Streams of events at once.")] = 1_000
    webhooks_max: Annotated[int, Meta(ge=1, le=100_000, description="Webhooks in all.")] = 1_000
    webhooks_of_an_account: Annotated[int, Meta(ge=1, le=10_000, description="Webhooks of one account.")] = 16
    blob_bytes_an_hour: Annotated[
        int, Meta(ge=2**20, le=2**40, description="Bytes of blobs that an account may bring to the vault in an hour.")
    ] = 256 * 2**20
    private_webhooks: Annotated[
        bool,
        Meta(description="Whether webhooks may go to private addresses and without TLS; for trials on one machine."),
    ] = False


class ExplorerSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The explorer, `sogdia explorer start`."""

    listen: Annotated[Address, Meta(description="Where it listens: host and port.")] = "127.0.0.1:8081"
    hosts: Annotated[
        tuple[HostName, ...],
        Meta(
            max_length=100,
            description="The site's own names as browsers send them, with the port if it is not that of the scheme:"
            " nobody can sign in under another. Empty: where it listens.",
        ),
    ] = ()
    node_connections_max: Annotated[
        int, Meta(ge=1, le=256, description="Connections to the node that are kept open.")
    ] = 8
    node_seconds_max: Annotated[int, Meta(ge=1, le=600, description="How long an answer of the node may take.")] = 10
    requests_max: Annotated[int, Meta(ge=1, le=10_000, description="Requests that are answered at once.")] = 256


class NoticesSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Notices to people: mail, web push, SMS."""

    folder: Annotated[Path, Meta(description="Where subscriptions, the place reached and waiting notices lie.")] = ""
    lead_seconds: Annotated[
        int, Meta(ge=60, le=30 * DAY_SECONDS, description="How long before a deadline the warning goes out.")
    ] = DAY_SECONDS
    news: Annotated[bool, Meta(description="Whether steps of an order are told as well, not only deadlines.")] = True
    news_age_seconds_max: Annotated[
        int, Meta(ge=60, le=7 * DAY_SECONDS, description="Steps older than this are not told any more.")
    ] = DAY_SECONDS
    poll_seconds: Annotated[int, Meta(ge=1, le=300, description="How often the node is asked for new blocks.")] = 2
    attempts_max: Annotated[
        int, Meta(ge=1, le=20, description="How often a notice is tried before it is given up.")
    ] = 8
    retry_seconds: Annotated[
        int, Meta(ge=1, le=3_600, description="The pause after the first failure; it doubles with each further one.")
    ] = 60
    send_seconds_max: Annotated[int, Meta(ge=1, le=120, description="How long one sending may take.")] = 20
    smtp_host: Annotated[str, Meta(max_length=253, description="The mail server. Without one no mail is sent.")] = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65_535, description="Its port.")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="How mail is protected on the way; `none` is for a server on this machine."),
    ] = "starttls"
    smtp_ca_file: Annotated[Path, Meta(description="Certificates to trust instead of the system's.")] = ""
    smtp_user: Annotated[str, Meta(max_length=200, description="The user at the mail server.")] = ""
    smtp_password_file: Annotated[Path, Meta(description="The file with that user's password.")] = ""
    mail_from: Annotated[str, Meta(max_length=254, description="The sender of the mails.")] = ""
    push_contact: Annotated[
        str,
        Meta(
            max_length=254,
            pattern=r"^\Z|^(mailto:|https://)[^\s]+\Z",
            description="Whom a push service can ask (VAPID subject). Without one nothing is pushed.",
        ),
    ] = ""
    push_key_file: Annotated[Path, Meta(description="The VAPID key, made at first use. Default: in the folder.")] = ""
    sms_url: Annotated[
        HttpUrlOrNone,
        Meta(description="The SMS gateway; `{to}`, `{text}`, `{id}` and `{secret}` stand for the values."),
    ] = ""
    sms_method: Annotated[Literal["POST", "PUT", "GET"], Meta(description="The method of the request.")] = "POST"
    sms_content_type: Annotated[
        Literal["application/json", "application/x-www-form-urlencoded"],
        Meta(description="What the body is; values are escaped for it."),
    ] = "application/json"
    sms_body: Annotated[str, Meta(max_length=4_000, description="The body, with the same places as the URL.")] = (
        '{"to": "{to}", "text": "{text}", "id": "{id}"}'
    )
    sms_authorization: Annotated[
        str, Meta(max_length=1_000, description="The Authorization header, such as `Bearer {secret}`.")
    ] = ""
    sms_secret_file: Annotated[Path, Meta(description="The file with the gateway's secret.")] = ""


class LogSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log, on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is said. Changes on reload.")
    ] = "info"
    format: Annotated[Literal["text", "json"], Meta(description="Lines for people, or one JSON object a line.")] = (
        "text"
    )
    repeats_max: Annotated[
        int, Meta(ge=1, le=10_000, description="How often one message is said within `repeat_seconds`.")
    ] = 10
    repeat_seconds: Annotated[int, Meta(ge=1, le=3_600, description="The span in which repeats are counted.")] = 60


class MetricsSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures for Prometheus, and health."""

    listen: Annotated[
        AddressOrNone, Meta(description="Where /metrics and /health are served: host and port. Empty: nowhere.")
    ] = ""
    stuck_seconds: Annotated[
        int, Meta(ge=2, le=600, description="Work without a new block for so long means: not ready.")
    ] = 10


class NetworkSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node of a network of several organisations."""

    snapshot_every_blocks: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="In every so many, at the first results, a snapshot for nodes to come is taken. 0: never.",
        ),
    ] = 1_000
    snapshots_kept: Annotated[int, Meta(ge=1, le=10, description="How many of the last snapshots are kept.")] = 3
    blocks_kept: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000_000,
            description="Blocks older than so many, and than the snapshot before, go to the archive. 0: all stay.",
        ),
    ] = 0
    peers_only: Annotated[
        tuple[Annotated[str, Meta(pattern="^[0-9a-f]{40}$")], ...],
        Meta(
            max_length=256,
            description="The nodes that are let in as peers, each by its `peer_id` in `network.json`. Empty: any.",
        ),
    ] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, by section."""

    node: NodeSettings = NodeSettings()
    index: IndexSettings = IndexSettings()
    vault: VaultSettings = VaultSettings()
    api: ApiSettings = ApiSettings()
    explorer: ExplorerSettings = ExplorerSettings()
    notices: NoticesSettings = NoticesSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    network: NetworkSettings = NetworkSettings()


RELOADED = frozenset(
    {"log.level", "log.repeats_max", "log.repeat_seconds", "node.connections_max", "node.waiting_envelopes_max"}
)
"""What a running node takes over on SIGHUP; everything else needs a new start."""


def address_of(listen: str) -> tuple[str, int]:
    """Give the host and the port of an address that has been checked: 127.0.0.1:8080, or [::1]:8080."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def any_port(listen: str) -> str:
    """Give the same host with any port that is free."""
    return f"{listen.rpartition(':')[0]}:0"
