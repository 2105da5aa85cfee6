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
    KEY_NOT_CURRENT = 110, "The party has no key of this number now", "Sign with a key that the party has."
    SIGNATURES_DO_NOT_FIT = (
        111,
        "There must be one signature a signer, in order",
        "Let each signer sign once, in order.",
    )
    SCHEME_WRONG = (
        112,
        "The signature is not of the key's scheme",
        "Sign as the key does: Ed25519 (1), P-256 (2) or a passkey (3).",
    )
    SIGNATURE_WRONG = (
        113,
        "A signature does not fit the key and the envelope",
        "Sign the envelope's id with the right key.",
    )
    MANDATE_NOT_FOR_THIS = (
        114,
        "This operation cannot be done under a mandate",
        "Let the party itself sign: keys, guardians, limits and mandates are its own affair.",
    )
    SIGNER_INDEX_WRONG = 115, "An operation names a signer that the envelope lacks", "Correct the signer's index."
    SIGNER_REPEATED = 116, "A key is listed twice among the signers", "List each key of an account once."
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
    KEY_EXPIRED = 126, "The key's validity has passed", "Sign with another key; a change of keys can bring a new one."
    WEIGHT_TOO_LOW = (
        127,
        "The keys that signed weigh less than this needs",
        "Let more keys of the party sign the same envelope; the level is named.",
    )
    PASSKEY_WRONG = (
        128,
        "The passkey's assertion is not one for this envelope on this network",
        "Ask the passkey again; the part that is wrong is named.",
    )
    NO_PASSKEYS = 129, "This network names no domain for passkeys", "Sign with a key of Ed25519 or P-256."
    RECOVERY_DUE = (
        130,
        "The party's recovery takes effect now; its old keys are worth nothing any more",
        "Sign with the new keys, from the next block on.",
    )
    MANDATE_UNKNOWN = 131, "The grantor has no such mandate for the sender", "Correct its name, or have it granted."
    MANDATE_OF_ANOTHER = 132, "The mandate was granted to another agent", "Let its agent sign, or have it granted anew."
    MANDATE_VOID = 133, "The grantor's keys have been recovered since the mandate", "Have it granted anew."
    MANDATE_NOT_YET_VALID = 134, "The mandate does not hold yet", "Wait until it begins."
    MANDATE_EXPIRED = 135, "The mandate's time has passed", "Have it granted anew."
    GRANTOR_SUSPENDED = 136, "The party for whom the agent acts is suspended", "Wait until it is reinstated."
    MANDATE_NOT_FOR_OPERATION = 137, "The mandate does not name this operation", "Have it granted for the operation."
    MANDATE_NOT_FOR_MONEY = 138, "The mandate has no cap for this money", "Have it granted with a cap for this money."
    MANDATE_CAP_OF_OPERATION = (
        139,
        "The operation can cost more than the mandate allows for one",
        "Ask for less, or let the party itself sign.",
    )
    MANDATE_CAP_OF_PERIOD = (
        140,
        "The operation can cost more than the mandate has left in this period",
        "Wait for the next period, ask for less, or let the party itself sign.",
    )
    CONSENT_MISSING = (
        141,
        "The mandate needs a one-time code of the party for each operation",
        "Put GiveConsent with its next code before the operation.",
    )
    QUOTA_RESERVED_BYTES_SPENT = (
        142,
        "The bytes that stay open when the sponsor's quota is spent are used up for this period",
        "Wait for the next period, or ask the sponsor for more operations and bytes.",
    )
    OPERATION_NOT_IN_FORCE = (
        143,
        "The operation belongs to a later version of the protocol",
        "Wait until the organisations have put that version in force.",
    )
