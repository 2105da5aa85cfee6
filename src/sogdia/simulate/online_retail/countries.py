"""Country names as the retailer wrote them, and the ISO 3166-1 alpha-2 code each one means.

The report keeps the name as written; the ledger wants a code. A name that may mean two codes, or none, is `ZZ`, which
ISO leaves to users: "Channel Islands" is Jersey or Guernsey, which have a code each and none together; "Unspecified"
says so itself. We don't guess, because a country decides duties and who may trade.
"""

from __future__ import annotations

UNKNOWN = "ZZ"

_CODES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Bermuda": "BM",
    "Brazil": "BR",
    "Canada": "CA",
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",  # the Irish name of the state, as British ledgers wrote it
    "European Community": "EU",  # not a country: reserved in ISO 3166 for the Union, and what the retailer meant
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Nigeria": "NG",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",  # the Republic of South Africa
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "Thailand": "TH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
}


def country_code(name: str) -> str:
    """Give the code of the country that the retailer calls `name`, or `ZZ`."""
    return _CODES.get(name, UNKNOWN)
