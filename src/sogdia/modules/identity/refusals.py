"""Why identity refuses. Numbers 200 to 299, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class IdentityRefusal(RefusalCode):
    """Rules of who takes part."""

    PARTY_UNKNOWN = 200, "No party has this account", "Correct the account, or have a registrar enter the party."
    PARTY_EXISTS = 201, "The registrar has used this reference already", "Choose another reference."
    SENDER_NOT_REGISTRAR = 202, "Only a registrar may do this", "Ask a registrar."
    ROLE_NOT_GRANTABLE = (
        203,
        "A registrar may not grant this role",
        "Roles that carry power over others are decided by the organisations together.",
    )
    SPONSOR_UNKNOWN = 204, "The sponsor has no quota on this network", "Name a sponsoring organisation."
    SPONSOR_HAS_NOT_SIGNED = 205, "The sponsor has not agreed", "Let the sponsor sign the same envelope."
    KEY_WEAK = 206, "The public key is not a sound key of its scheme", "Generate a new key."
    KEY_UNCHANGED = 207, "The new key is one that is there already", "Generate a new key."
    KEY_NOT_PROVEN = 208, "The new key has not signed for this change", "Sign the proof with the new key."
    NO_PASSKEYS = 209, "This network names no domain for passkeys", "Use a key of Ed25519 (1) or P-256 (2)."
    SENDER_NOT_ITS_REGISTRAR = 210, "Another registrar entered this party", "Ask the registrar that entered it."
    PARTY_SUSPENDED = 211, "The party is suspended", "Ask the registrar that entered it."
    PARTY_NOT_SUSPENDED = 212, "The party is not suspended", "Nothing to do."
    SENDER_NOT_OPERATOR = 213, "Only the operator of a node may do this", "Ask the operator."
    NODE_KEY_UNKNOWN = 214, "The sender's node does not sign headers with this key", "Name the key that signs now."
    NODE_KEYS_CHANGING = 215, "The node's last change has not taken effect yet", "Wait two blocks."
    ENDORSEMENT_WRONG = (
        216,
        "The node's current key has not signed for the new one",
        "Sign the change with the current key.",
    )
    TEXT_NOT_ALLOWED = (
        217,
        "The text holds characters that could deceive a reader",
        "Use plain text; the problem is named.",
    )
    COUNTRY_UNKNOWN = 218, "This is not an ISO 3166 country code", "Use the two-letter code, ZZ when unknown."
    SELF_SUSPENSION = 219, "A registrar cannot suspend itself", "Ask another registrar."
    KEYS_USED_UP = 220, "The party has used as many keys as can be numbered", "Have a registrar enter a new party."
    KEY_UNKNOWN = 221, "The party has no key of this number", "Name keys that the party has."
    KEYS_NOT_IN_ORDER = 222, "Numbers of keys stand in rising order, each once", "Sort them."
    NOTHING_CHANGES = 223, "Nothing would change", "Name what is to change."
    KEYS_TOO_MANY = 224, "A party has 1 to 16 keys", "Remove some in the same change."
    KEYS_WOULD_LOCK_OUT = (
        225,
        "The keys that never expire would weigh less than a change of keys needs",
        "Keep or add keys without an expiry, or lower the threshold.",
    )
    THRESHOLDS_NOT_IN_ORDER = (
        226,
        "A higher level may not need less than a lower one",
        "Let everyday be at most high value, and high value at most keys.",
    )
    KEY_ALREADY_EXPIRED = 227, "The new key's validity has passed already", "Give it a later end, or none."
    LIMITS_NOT_IN_ORDER = 228, "Limits stand in the order of their money, each once", "Sort them."
    GUARDIANS_NOT_IN_ORDER = 229, "Guardians stand in the order of their accounts, each once", "Sort them."
    GUARDIANS_NEEDED_WRONG = (
        230,
        "It takes at least one guardian, and not more than there are; without guardians none",
        "Correct how many of them it takes.",
    )
    GUARDIAN_IS_SELF = 231, "Nobody is its own guardian", "Name others."
    SENDER_NOT_GUARDIAN = 232, "Only a guardian of the party may do this", "Ask one of its guardians."
    RECOVERY_UNDER_WAY = (
        233,
        "Enough guardians agree on other keys already",
        "Wait until that recovery has taken effect or was stopped.",
    )
    RECOVERY_UNKNOWN = 234, "The guardian has no proposal for this party", "Correct the party or the guardian."
    RECOVERY_DIFFERS = 235, "The proposal is for other keys than those approved", "Look at the proposal again."
    RECOVERY_APPROVED = 236, "The guardian has approved this proposal already", "Nothing to do."
    MANDATE_EXISTS = 237, "There is a mandate under this reference", "Revoke it first, or choose another reference."
    MANDATE_TIMES_WRONG = (
        238,
        "A mandate ends after it begins, and not in the past",
        "Correct its times.",
    )
    CAPS_NOT_IN_ORDER = 239, "Caps stand in the order of their money, each once", "Sort them."
    OPERATIONS_NOT_IN_ORDER = (
        240,
        "Numbers of operations stand in rising order, each once",
        "Sort them.",
    )
    AGENT_IS_SELF = 241, "A mandate is for somebody else", "Act without a mandate."
    SENDER_NOT_AGENT = 242, "Only the mandate's agent may use its codes", "Ask the agent."
    CONSENT_NOT_NEEDED = 243, "The mandate needs no one-time code", "Leave the code out."
    CONSENT_ALREADY_GIVEN = 244, "A code has opened the mandate already", "Use the mandate first."
    CONSENT_WRONG = (
        245,
        "This is not the next of the mandate's one-time codes",
        "Compare it, and how many were left out.",
    )
    NO_CONSENTS = 246, "The mandate has no chain of one-time codes", "Let the party begin one with RenewConsents."
    COUNTRY_NOT_OF_REGISTRAR = (
        250,
        "The registrar is not admitted for this country",
        "Ask a registrar of that country.",
    )
    REGISTRAR_PARTIES_SPENT = (
        251,
        "The registrar has entered as many parties as it may in this period",
        "Wait for the next period, or ask another registrar of the country.",
    )
    REGISTRAR_ATTESTATIONS_SPENT = (
        252,
        "The registrar has offered as many attestations as it may in this period",
        "Wait for the next period, or ask another registrar of the country.",
    )
    OFFER_OUTLASTS_EXPIRY = (
        253,
        "The offer would be open after the attestation has expired",
        "Let it be accepted no later than it expires.",
    )
    SELF_ATTESTATION = 254, "A registrar cannot attest itself", "Ask another registrar."
    OFFER_OVER = 255, "The time to accept the offer has passed already", "Choose a later moment to accept by."
    EXPIRY_TOO_FAR = 256, "An attestation lasts five years at most", "Choose an earlier expiry, and look again then."
    ATTESTATION_EXISTS = 257, "The registrar has used this reference already", "Choose another reference."
    ALREADY_ATTESTED = (
        258,
        "The registrar has attested the same thing for another party",
        "One firm is one party: withdraw the other attestation first, or correct the tag.",
    )
    ATTESTATION_UNKNOWN = (
        259,
        "There is no such attestation",
        "Correct its name; one that has expired or was withdrawn is gone.",
    )
    SENDER_NOT_SUBJECT = 260, "The attestation is about another party", "Let its subject accept it."
    ATTESTATION_ACCEPTED = 261, "The attestation has been accepted already", "Nothing to do."
    SENDER_NOT_OF_ATTESTATION = (
        262,
        "The attestation is another registrar's, about another party",
        "Its registrar or its subject can withdraw it.",
    )
    APPEALED_ALREADY = 263, "This suspension has been appealed already", "Wait for the end of the appeal."
    NOT_APPEALED = 264, "The party has not appealed", "A suspension that is not appealed stands; nothing to do."
    UPHELD_ALREADY = 265, "The suspension has been upheld already", "Nothing to do."
    SUSPENSION_BY_SENDER = (
        266,
        "The sender suspended the party itself",
        "Another registrar of the country, or an operator, has to look.",
    )
    SENDER_MAY_NOT_UPHOLD = (
        267,
        "Only another registrar of the party's country, or an operator, may uphold a suspension",
        "Ask one of them.",
    )
    HANDLE_CHARACTERS = (
        268,
        "The handle holds a character that handles cannot have",
        "Use lower-case letters of one alphabet, the digits 0 to 9, and single hyphens.",
    )
    HANDLE_LETTERLESS = 269, "The handle has no letter", "Use at least one letter."
    HANDLE_ALPHABETS = 270, "The handle mixes alphabets", "Write all its letters in one alphabet."
    HANDLE_HYPHENS = (
        271,
        "The handle has a hyphen at an end, or two in a row",
        "Put single hyphens between letters or digits.",
    )
    HANDLE_OWNED = 272, "The sender has a handle already", "Release it first."
    HANDLE_TAKEN = 273, "Somebody has a handle that looks the same", "Choose one that looks different."
    HANDLE_NOT_HELD = 274, "The sender has no handle", "Nothing to do."
