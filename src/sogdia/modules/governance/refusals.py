"""Why governance refuses. Numbers 600 to 699, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class GovernanceRefusal(RefusalCode):
    """Rules of who decides, and of what can be decided."""

    SENDER_NOT_MEMBER = 600, "Only a member may do this", "Ask an organisation that runs a node."
    SENDER_JAILED = 601, "The member's validator is jailed", "Wait until the others release it."
    PROPOSAL_EXISTS = 602, "The member has a proposal under this reference", "Choose another reference."
    PROPOSALS_TOO_MANY = (
        603,
        "The member has as many proposals open or waiting as it may",
        "Withdraw one, or wait until one has ended.",
    )
    AGENDA_FULL = 604, "As many proposals are open or waiting as there may be", "Wait until one has ended."
    HEIGHT_TOO_FAR = 605, "The proposal would take effect too many blocks from now", "Choose an earlier height."
    PROPOSAL_UNKNOWN = 606, "There is no such proposal", "Correct its name; one that has ended is gone."
    PROPOSAL_DECIDED = (
        607,
        "The proposal has passed already and waits for its height",
        "Propose to cancel it, if it should not take effect.",
    )
    VOTE_UNCHANGED = 608, "The member has said the same already", "Nothing to do."
    CANDIDATE_HAS_NOT_SIGNED = (
        609,
        "The organisation that is to join has not agreed",
        "Let the candidate sign the same envelope.",
    )
    KEY_NOT_PROVEN = (
        610,
        "The node's key has not signed for its organisation",
        "Sign the proof with the node's key.",
    )
    ALREADY_MEMBER = 611, "The organisation is a member already", "Nothing to do."
    NOT_A_MEMBER = 612, "No member has this account", "Correct the account."
    MEMBERS_FULL = 613, "There are as many members as there may be", "Let one go first."
    NODE_KEY_USED = (
        614,
        "The key is or was the key of a member's node",
        "Generate a new key; no key comes back.",
    )
    NO_POWER_LEFT = (
        615,
        "Without this member nobody would sign blocks",
        "Admit another member, or release one, before.",
    )
    NOTHING_CHANGES = 616, "It is so already", "Nothing to do."
    NOT_JAILED = 617, "The member's validator is not jailed", "Nothing to do."
    LIMIT_OUT_OF_BOUNDS = (
        618,
        "A limit can be set within bounds only, so that the network can always go on and vote again",
        "Choose a value within the bounds; they are named.",
    )
    LIMITS_OUT_OF_ORDER = (
        619,
        "An envelope could be larger than a block",
        "Let a block hold at least one envelope of the largest size.",
    )
    STORAGE_IN_USE = (
        620,
        "The sponsor's parties take more storage than this would allow",
        "Allow at least what is taken.",
    )
    VERSION_NOT_LATER = 621, "This version of the protocol, or a later one, is in force", "Name a later version."
    UPGRADE_WAITS = 622, "Another upgrade has been decided and waits for its height", "Cancel that one first."
    PROPOSAL_NOT_WAITING = (
        623,
        "No proposal of this name has passed and waits",
        "Correct its name; one that is open can be voted down.",
    )
    NOT_A_REGISTRAR = 624, "The party is no registrar", "Correct the account."
    COUNTRIES_NOT_IN_ORDER = 625, "Countries stand in the order of their letters, each once", "Sort them."
