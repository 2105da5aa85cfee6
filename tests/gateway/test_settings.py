"""The settings of a gateway: what is wrong with them is said by name."""

from __future__ import annotations

import pytest

from sogdia.gateway.settings import SettingsWrongError, read_settings
from tests.gateway.door import SETTINGS

GOOD = SETTINGS.format(
    network="ab" * 32, issuer="acct-x", since=1, iban="KZ86125KZT5004100100", wallet="cd" * 32, agent="ef" * 32
)


def read(folder, text):
    (folder / "gateway.toml").write_text(text, "utf-8")
    return read_settings(folder)


def test_settings_are_read(tmp_path):
    settings = read(tmp_path, GOOD)

    assert [each.kind for each in settings.rails] == ["bank", "card", "wallet", "agent"]
    assert settings.rail("card").hold_hours == 72
    assert settings.rail("none") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('currency = "USD"', 'currency = "XXY"', "XXY is no current code of ISO 4217"),
        ('currency = "USD"', 'currency = "usd"', "matching regex"),
        ('name = "card"', 'name = "bank"', "two rails have the same name"),
        ('name = "card"', 'name = "../card"', "matching regex"),
        ('kind = "card"', 'kind = "cheque"', "Invalid enum value 'cheque'"),
        ("hold_hours = 72", "hold_hours = -1", ">= 0"),
        ("hold_hours = 72", "hold_days = 3", "unknown field `hold_days`"),
        ('opening = "1000.00"', 'opening = "1000.001"', "1000.001 has 3 digits behind the point"),
        ('opening = "1000.00"', 'opening = "-5"', "matching regex"),
        ("suspense_hours = 48", "suspense_hours = 0", ">= 1"),
        ('owner = "desk"', "", "missing required field `owner`"),
        ("[[rails]]", "[[rails", ""),
    ],
)
def test_wrong_settings_are_refused_by_name(tmp_path, old, new, told):
    assert old in GOOD
    with pytest.raises(SettingsWrongError, match=r".*") as wrong:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert told in str(wrong.value)


def test_a_folder_without_settings_is_no_gateway(tmp_path):
    with pytest.raises(SettingsWrongError, match=r"is no gateway: it has no gateway.toml"):
        read_settings(tmp_path)
