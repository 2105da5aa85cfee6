"""What registrars write: their own admission, attestations, uniqueness tags, handles, appeals."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any

from msgspec import Meta

from sogdia.kernel.accounts import show_account_key
from sogdia.kernel.codec import Face, Record
from sogdia.kernel.parameters import DAY
from sogdia.kernel.state import Table
from sogdia.kernel.values import ACCOUNT_BYTES, Account, CountryCode, Hash, Seconds

HANDLE_CHARACTERS = (3, 32)
HANDLE_BYTES_MAX = 32 * 7
"""No letter is seen as more than 7 bytes of others, so that the key of a handle stays within its limit."""
COUNTRIES_MAX = 260
PERIOD_MAX = 400 * DAY
"""About a year, so that a deadline always fits its 32 bits."""


class AttestationType(IntEnum):
    """What a registrar vouches for. Numbers are never changed or used again."""

    LEI = 1
    """Legal entity identifier, ISO 17442."""
    GLN = 2
    """Global location number of GS1."""
    COMPANY_PREFIX = 3
    """GS1 company prefix, under which a firm numbers its goods."""
    TAX_NUMBER = 4
    LICENCE = 5
    AEO = 6
    """Authorised economic operator: trusted by a customs administration."""
    IDENTITY = 7
    """A person, seen with papers."""
    QUALIFIED_SIGNATURE = 8
    """A national qualified electronic signature over the account."""


class AssuranceLevel(IntEnum):
    """How closely the registrar looked, in the words of the European eIDAS rules."""

    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3


AttestationKind = Annotated[int, Meta(ge=1, le=len(AttestationType))]
Level = Annotated[int, Meta(ge=1, le=len(AssuranceLevel))]
Handle = Annotated[str, Meta(min_length=HANDLE_CHARACTERS[0], max_length=HANDLE_CHARACTERS[1])]
Allowance = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Period = Annotated[int, Meta(ge=1, le=PERIOD_MAX)]
TimeLeft = Annotated[int, Meta(ge=0, le=PERIOD_MAX)]


class Registrar(Record):
    """What a registrar is admitted for, and what of its quota is used in the period that began at `period_start`.

    Of one whose admission was taken back it stays, for no country and nothing more to enter or attest.
    """

    countries: Annotated[tuple[CountryCode, ...], Meta(max_length=COUNTRIES_MAX)] | None
    """Nothing stands for every country: a network with one registrar."""
    parties_max: Allowance
    attestations_max: Allowance
    period: Period
    period_start: Seconds = 0
    parties_used: Allowance = 0
    attestations_used: Allowance = 0


class Attestation(Record):
    """A registrar's word about a party, named (registrar, reference). Offered first, valid once the party accepts.

    Nothing about the party stands here but a keyed commitment; without its secret nobody can guess what it holds.
    """

    commitment: Hash
    tag: Hash
    accept_by: Seconds
    sponsor: Account
    """Whose storage it takes."""
    subject: Account
    attests: AttestationKind
    level: Level
    country: CountryCode
    expiry: Seconds
    accepted: bool


class AttestationFace(Face):
    """What anybody may know of an attestation: enough to rely on it, nothing to work out what was attested."""

    subject: Account
    attests: AttestationKind
    level: Level
    country: CountryCode
    expiry: Seconds
    accepted: bool


class Tag(Record):
    """A thing that a registrar has attested, under its own key, so that one firm cannot be attested as two parties."""

    subject: Account
    attestations: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    """How many attestations carry it; a new one may overlap the one that it replaces."""


class HandleRecord(Record):
    """A handle, found by what it looks like."""

    account: Account
    handle: Handle
    sponsor: Account
    """Whose storage it takes."""


class HandleOwner(Record):
    """The handle of an account."""

    skeleton: Annotated[bytes, Meta(min_length=1, max_length=HANDLE_BYTES_MAX)]


class Appeal(Record):
    """A suspended party's appeal. When nobody has upheld the suspension at the deadline, the suspension ends."""

    deadline: Seconds
    """While it rests: when it is forgotten."""
    grounds: Hash | None
    """A commitment to the party's reasons, which stand off the ledger."""
    upheld_by: Account | None = None
    left: TimeLeft | None = None
    """How much of its time is left, while it rests because the suspension was lifted; nothing while the clock runs."""


def tag_key(key: tuple[bytes, bytes]) -> bytes:
    """Lay out a tag's key: tags are one registrar's own."""
    return key[0] + key[1]


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _show_tag(key: bytes) -> dict[str, Any]:
    return {"registrar": key[:ACCOUNT_BYTES], "tag": key[ACCOUNT_BYTES:]}


def _show_skeleton(key: bytes) -> dict[str, Any]:
    return {"skeleton": key.decode("utf-8", "replace")}


REGISTRARS: Table[bytes, Registrar] = Table("identity/registrars", 24, Registrar, show_key=show_account_key)
ATTESTATIONS: Table[bytes, Attestation] = Table(
    "identity/attestations", 25, Attestation, show_key=_show_name, face=AttestationFace
)
TAGS: Table[tuple[bytes, bytes], Tag] = Table("identity/tags", 26, Tag, key=tag_key, show_key=_show_tag)
HANDLES: Table[bytes, HandleRecord] = Table("identity/handles", 27, HandleRecord, show_key=_show_skeleton)
HANDLE_OWNERS: Table[bytes, HandleOwner] = Table("identity/handle-owners", 28, HandleOwner, show_key=show_account_key)
APPEALS: Table[bytes, Appeal] = Table("identity/appeals", 29, Appeal, show_key=show_account_key)
