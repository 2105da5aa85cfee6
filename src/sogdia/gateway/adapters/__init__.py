"""The rails: a bank's files, a card acquirer's webhook, a QR wallet, cash agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.gateway.adapters import signed
from sogdia.gateway.adapters.bank import Bank

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.gateway.happenings import Rail
    from sogdia.gateway.settings import RailSettings, Settings

SECRETS = "secrets"


def rails_of(folder: Path, settings: Settings) -> dict[str, Rail]:
    """Make the rails of a gateway, each with its keys."""
    return {each.name: _rail(folder, settings, each) for each in settings.rails}


def _rail(folder: Path, settings: Settings, rail: RailSettings) -> Rail:
    if rail.kind == "bank":
        return Bank(rail.account, settings.currency, settings.called, rail.orders)
    secret = folder / SECRETS / rail.name
    return signed.Signed(
        signed.VOCABULARIES[rail.kind],
        rail.account,
        settings.currency,
        secret.read_bytes().strip() if secret.exists() else b"",
        tuple(bytes.fromhex(each) for each in rail.keys),
    )
