"""Why the HTTP API cannot serve what it has to ask elsewhere for. The numbers stand in no block, and are permanent."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class DoorRefusal(RefusalCode):
    """What the HTTP API lacks, with the way out for whoever runs it or asks it."""

    INDEX_ABSENT = (
        10_100,
        "This API has no index",
        "Keep one with 'sogdia index run', and name it in the setting index.database.",
    )
    INDEX_AWAY = 10_101, "The index does not answer", "Try again; what stands in the ledger itself is still served."
    INDEX_FOREIGN = (
        10_102,
        "The index is of another network",
        "Name this network's in the setting index.database.",
    )
    VAULT_ABSENT = (
        10_103,
        "This API serves no vault",
        "Name its place in the setting vault.place.",
    )
    VAULT_FULL = 10_104, "The vault has no room left; nothing was kept", "Make room, and put it again."
    VAULT_AWAY = 10_105, "The vault's store does not answer", "Try again."
    BLOBS_TOO_MANY = 10_106, "An account brings only so many bytes of blobs in an hour", "Wait a little."
