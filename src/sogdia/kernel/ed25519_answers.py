"""The Ed25519 cases on which libraries disagree, and the one answer that this ledger gives to each.

Two nodes that answered differently could not agree on a block, so every node compares its library with this page
before it starts. The answers are those of libsodium's strict rule: S below the group order, A and R in their one
canonical spelling and of no small order, and the equation checked without the cofactor.

A is the public key, R and S the two halves of the signature, B the base point, p the field prime. The cases were
made for this project.
"""

SIGNATURE_ANSWERS = (
    # (what the case is, public key, signature, message, whether it is accepted)
    (
        "normal",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572",
        (
            "7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a"
            "2f74f47e645c45721e0b216e0e96c2647c190a1bf712ce8fc9ce0155946a8602"
        ),
        "73696c6b20726f6164",
        True,
    ),
    (
        "S+L (malleated)",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572",
        (
            "7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a"
            "1c48eadb7ebf57caf4a71811ed8fa1797c190a1bf712ce8fc9ce0155946a8612"
        ),
        "73696c6b20726f6164",
        False,
    ),
    (
        "A=identity(small order), R=B*S",
        "0100000000000000000000000000000000000000000000000000000000000000",
        (
            "7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a"
            "b168de3a00000000000000000000000000000000000000000000000000000000"
        ),
        "73696c6b20726f6164",
        False,
    ),
    (
        "A,R small order, S=0",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        (
            "0100000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
        ),
        "6d30",
        False,
    ),
    (
        "mixed-order A: only cofactored valid",
        "6a84d583f06569edb3f5ed77df65544b27d6948b4f0b2cb76f33dd8413b20719",
        (
            "7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a"
            "e12fb0929037b86022c0ff7ba4d869c5998043088e97db186369d1a6706f4004"
        ),
        "7830",
        False,
    ),
    (
        "mixed-order A: valid both ways",
        "6a84d583f06569edb3f5ed77df65544b27d6948b4f0b2cb76f33dd8413b20719",
        (
            "7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a"
            "29883d59d8e23d4ee86a5dfb7cabce9ef16f5ae29a9c6ed3999f4fa1bc6dda05"
        ),
        "7938",
        True,
    ),
    (
        "R with torsion: only cofactored valid",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572",
        (
            "6999d5cb5126005c325892f1c6eab824b310708befff12fbaf45dda050cb12f0"
            "e9231bb199c7c3e872c53c3863c35c57075819e6bc3e59d2b9331f45fad00103"
        ),
        "73696c6b20726f6164",
        False,
    ),
    (
        "non-canonical A (y=p+1)",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        (
            "7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a"
            "b168de3a00000000000000000000000000000000000000000000000000000000"
        ),
        "73696c6b20726f6164",
        False,
    ),
    (
        "non-canonical R (y=p+1), A=identity,S=0",
        "0100000000000000000000000000000000000000000000000000000000000000",
        (
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
            "0000000000000000000000000000000000000000000000000000000000000000"
        ),
        "73696c6b20726f6164",
        False,
    ),
)
"""Signatures, each with its verdict."""

KEY_ANSWERS = (
    # (what the key is, public key, whether it is too weak to be registered)
    ("a key made in the ordinary way", "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572", False),
    ("the identity, order 1", "0100000000000000000000000000000000000000000000000000000000000000", True),
    ("order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", True),
    ("order 4", "0000000000000000000000000000000000000000000000000000000000000000", True),
    ("order 4, the other sign", "0000000000000000000000000000000000000000000000000000000000000080", True),
    ("order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", True),
    ("order 8, the other sign", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", True),
    ("order 8, the second", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", True),
    ("order 8, the second, the other sign", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", True),
    (
        "the ordinary key plus a point of order 2",
        "76985cdbd2364a744397b773ed9a33933a0d9390c3775a2aa16fe4f8cb235a8d",
        True,
    ),
    (
        "the ordinary key plus a point of order 4",
        "5a840736ba7eac745bc1565f2b20ad1ccfbf8b72aacdff3d71d2f9590b491c71",
        True,
    ),
    (
        "the ordinary key plus a point of order 8",
        "6a84d583f06569edb3f5ed77df65544b27d6948b4f0b2cb76f33dd8413b20719",
        True,
    ),
    ("the identity spelled as y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", True),
    (
        "the identity with the sign of a zero x",
        "0100000000000000000000000000000000000000000000000000000000000080",
        True,
    ),
    ("order 4 spelled as y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", True),
    ("no point of the curve has y = 2", "0200000000000000000000000000000000000000000000000000000000000000", True),
    ("every bit set", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", True),
)
"""Public keys, each with its verdict. The order-2 sum is the one that libsodium before late 2025 let through."""
