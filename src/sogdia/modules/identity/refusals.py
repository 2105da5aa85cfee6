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
    KEY_WEAK = 206, "The public key is not a sound Ed25519 key", "Generate a new key."
    KEY_UNCHANGED = 207, "The new key is the current one", "Generate a new key."
    KEY_NOT_PROVEN = 208, "The new key has not signed for this change", "Sign the proof with the new key."
    SCHEME_UNSUPPORTED = 209, "Keys of this scheme are not supported yet", "Use an Ed25519 key (scheme 1)."
    SENDER_NOT_ITS_REGISTRAR = 210, "Another registrar entered this party", "Ask the registrar that entered it."
    PARTY_SUSPENDED = 211, "The party is suspended", "Ask the registrar that entered it."
    PARTY_NOT_SUSPENDED = 212, "The party is not suspended", "Nothing to do."
    SENDER_NOT_OPERATOR = 213, "Only the operator of a node may do this", "Ask the operator."
    NODE_KEY_UNKNOWN = 214, "No node signs headers with this key", "Name the key that signs now."
    NODE_KEYS_CHANGING = 215, "Another change of node keys has not taken effect yet", "Wait two blocks."
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
