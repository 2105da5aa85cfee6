"""The kernel's own refusals: why an envelope is not admissible. Numbers 100 to 199, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class KernelRefusal(RefusalCode):
    """Rules that every envelope must pass, whatever it asks for."""

    ENVELOPE_TOO_LARGE = 100, "The envelope has more bytes than allowed", "Send the operations in several envelopes."
    ENVELOPE_MALFORMED = (
        101,
        "The bytes are not the canonical form of an envelope",
        "Build the envelope with a current client; the reason names the field.",
    )
    NETWORK_WRONG = 102, "The envelope was made for another network", "Sign it again for this network."
    ENVELOPE_EXPIRED = 103, "The envelope's expiry has passed", "Sign it again with a later expiry."
    VALIDITY_TOO_LONG = 104, "The expiry is too far ahead", "Choose an expiry within the longest validity."
    ENVELOPE_TOO_EARLY = 105, "The envelope is not valid yet", "Send it again once its time has come."
    PREDECESSOR_MISSING = (
        106,
        "An envelope that must go before has not been applied",
        "Send the earlier envelope first.",
    )
    PREDECESSOR_FAILED = (
        107,
        "An envelope that must go before was refused or has expired",
        "Sign anew without it; this envelope can never be applied.",
    )
    SIGNER_UNKNOWN = 108, "No party has this account", "Have a registrar enter the party, or correct the account."
    SIGNER_SUSPENDED = (
        109,
        "The party is suspended",
        "Only actions that protect what is under way are open; ask the registrar.",
    )
    KEY_NOT_CURRENT = 110, "The key number is not the party's current key", "Sign with the party's current key."
    SIGNATURES_DO_NOT_FIT = (
        111,
        "There must be one signature a signer, in order",
        "Let each signer sign once, in order.",
    )
    SCHEME_UNSUPPORTED = 112, "The signature scheme is not supported yet", "Sign with Ed25519 (scheme 1)."
    SIGNATURE_WRONG = (
        113,
        "A signature does not fit the key and the envelope",
        "Sign the envelope's id with the right key.",
    )
    MANDATE_UNSUPPORTED = 114, "Mandates are not supported yet", "Leave the mandate empty."
    SIGNER_INDEX_WRONG = 115, "An operation names a signer that the envelope lacks", "Correct the signer's index."
    SIGNER_REPEATED = 116, "An account is listed twice among the signers", "List each account once."
    ENVELOPE_REPLAYED = 117, "This envelope has been used already", "Nothing to do: ask for its receipt."
    QUOTA_OPERATIONS_SPENT = (
        118,
        "The sponsor's operations for this period are used up",
        "Wait for the next period, or ask the sponsor for more.",
    )
    QUOTA_BYTES_SPENT = (
        119,
        "The sponsor's bytes for this period are used up",
        "Wait for the next period, or ask the sponsor for more.",
    )
    SPONSOR_HAS_NO_QUOTA = 120, "The party's sponsor has no quota", "Name a sponsor that has one."
    IDS_AT_CAP = 121, "The ledger remembers as many envelopes as it may", "Send again when earlier ones have expired."
    EXTRA_NOT_ALLOWED = 122, "This signature scheme takes no extra data", "Leave the extra empty."
    QUOTA_STORAGE_SPENT = (
        123,
        "The sponsor's storage is used up",
        "Close objects that are no longer needed, or ask the sponsor for more.",
    )
    PREDECESSOR_REPEATED = 124, "The same predecessor is named twice", "Name each predecessor once."
    OPERATION_UNKNOWN = 125, "The envelope asks for an operation that this version does not know", "Update the client."
