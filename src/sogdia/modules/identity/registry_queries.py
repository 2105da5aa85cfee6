"""Questions about what registrars write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.operation import Query
from sogdia.kernel.values import Account, Name
from sogdia.modules.identity.handles import find_handle, handle_of
from sogdia.modules.identity.registry_records import (
    APPEALS,
    ATTESTATIONS,
    REGISTRARS,
    Appeal,
    Attestation,
    Handle,
    HandleRecord,
    Registrar,
)

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class RegistrarQuery(Query, tag="registrar"):
    """What a registrar is admitted for, and its quota."""

    account: Account

    def answer(self, state: Reader) -> Registrar | None:
        """Give the record, or nothing."""
        return REGISTRARS.find(state, self.account)


class AttestationQuery(Query, tag="attestation"):
    """An attestation, offered or valid."""

    name: Name

    def answer(self, state: Reader) -> Attestation | None:
        """Give the record, or nothing once it has ended."""
        return ATTESTATIONS.find(state, self.name)


class AppealQuery(Query, tag="appeal"):
    """A party's appeal against its suspension."""

    account: Account

    def answer(self, state: Reader) -> Appeal | None:
        """Give the record, or nothing."""
        return APPEALS.find(state, self.account)


class HandleQuery(Query, tag="handle"):
    """Whose handle it is. It must be spelt exactly; what only looks like it finds nobody."""

    handle: Handle

    def answer(self, state: Reader) -> HandleRecord | None:
        """Give the record, or nothing."""
        return find_handle(state, self.handle)


class HandleOfQuery(Query, tag="handle-of"):
    """The handle of an account."""

    account: Account

    def answer(self, state: Reader) -> HandleRecord | None:
        """Give the record, or nothing."""
        return handle_of(state, self.account)
