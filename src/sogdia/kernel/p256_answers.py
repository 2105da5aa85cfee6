"""The P-256 cases on which libraries disagree, and the one answer that this ledger gives to each.

Every node compares its library with this page before it starts. A key is a compressed point, a signature r and s of
32 bytes each, in range; low and high s are both accepted.

R is the point that a verification computes, x its first coordinate, p the field prime, the order that of the group;
u1 and u2 are the factors of the base point G and of the key Q. The cases were made for this project.
"""

SIGNATURE_ANSWERS = (
    # (what the case is, public key, signature, message, whether it is accepted)
    (
        "low s",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "high s, its twin",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "f9130f18286517e24362d344939abaf622fa465329e6bfc116e5ba48d726b502"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "another message",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31332062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "empty message",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "352eccb7e48f971b21954a842c5e1f4092b66bdea967de53f49ed6fd4a36d7d6"
        ),
        "",
        True,
    ),
    (
        "r = 0",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "0000000000000000000000000000000000000000000000000000000000000000"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "s = 0",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "0000000000000000000000000000000000000000000000000000000000000000"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "r = s = 0",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "r = order",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "s = order",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "r = s = order",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "r = p, beyond the order",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "all bits set",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "r and s exchanged",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "negated r",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "2e131c2e710eeb1b8ded3677c8a5c18c7da32ebc6e9fdd152a0229b361a1088b"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "s = 5",
        "0352f9872af5776db55049e79031cf66ba539e2f72a9a48e93809c3800298f5b49",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "0000000000000000000000000000000000000000000000000000000000000005"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "s = 5 + order",
        "0352f9872af5776db55049e79031cf66ba539e2f72a9a48e93809c3800298f5b49",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632556"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "s = 1",
        "0391326b91e5dbfab739068e3d810a5bdcd5f48865bbf2ed391d7b7e769eed3fad",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "0000000000000000000000000000000000000000000000000000000000000001"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "s = order - 1, its twin",
        "0391326b91e5dbfab739068e3d810a5bdcd5f48865bbf2ed391d7b7e769eed3fad",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "x of R beyond the order, r reduced",
        "0214b378fd1a92259315bf5d87da32503843f03d358a2aa9c082136e367ff4c391",
        (
            "0000000000000000000000000000000000000000000000000000000000000003"
            "5a943800b974ec0ba719dc4ff4381e2c12b30e23f3d560cd94944bf5b55076f9"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "x of R beyond the order, r as x",
        "0214b378fd1a92259315bf5d87da32503843f03d358a2aa9c082136e367ff4c391",
        (
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632554"
            "5a943800b974ec0ba719dc4ff4381e2c12b30e23f3d560cd94944bf5b55076f9"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "r small without such an R",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "0000000000000000000000000000000000000000000000000000000000000003"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "R at infinity",
        "033e581d2f9c766afe19e166736bdd6557eef563b9e658e1b08dcb82bc1c170934",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "R at infinity, twin",
        "033e581d2f9c766afe19e166736bdd6557eef563b9e658e1b08dcb82bc1c170934",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "f9130f18286517e24362d344939abaf622fa465329e6bfc116e5ba48d726b502"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "key of the other y",
        "032bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "the key is the base point",
        "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "9d31e54ddd8919a12d9c715ce13300238fb3c94f39041e5a56d859e61ad29c72"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "u1 G = u2 Q, a doubling",
        "023e581d2f9c766afe19e166736bdd6557eef563b9e658e1b08dcb82bc1c170934",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "f90ed3461d9ad8beb594fd68847b26d3fdbddeb6759865eeb3652c6d34d1656f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        True,
    ),
    (
        "uncompressed key",
        (
            "042bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47"
            "f319b5a20f93862690e81c249c5989c1954912e5ad6e5020f9942adc9197b64a"
            "08"
        ),
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "a signature a byte short",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c70"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "a signature a byte long",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a10f9ac21cc6"
            "06ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dcd4107a253c704f"
            "00"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
    (
        "a DER signature",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        (
            "3045022100d1ece3d08ef114e57212c988375a3e733f43cbf13877c16fc9b7a1"
            "0f9ac21cc6022006ecf0e6d79ae81ebc9d2cbb6c65450999ecb45a7d30dec3dc"
            "d4107a253c704f"
        ),
        "31322062616c6573206f6620636f74746f6e20746f204e6169726f6269",
        False,
    ),
)

KEY_ANSWERS = (
    # (what the key is, its bytes, whether it is weak)
    (
        "compressed",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        False,
    ),
    (
        "compressed, the other y",
        "032bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        False,
    ),
    (
        "the base point",
        "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        False,
    ),
    (
        "uncompressed",
        (
            "042bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47"
            "f319b5a20f93862690e81c249c5989c1954912e5ad6e5020f9942adc9197b64a"
            "08"
        ),
        True,
    ),
    (
        "hybrid",
        (
            "062bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47"
            "f319b5a20f93862690e81c249c5989c1954912e5ad6e5020f9942adc9197b64a"
            "08"
        ),
        True,
    ),
    (
        "first byte 00",
        "002bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "first byte 01",
        "012bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "first byte 04",
        "042bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "first byte 05",
        "052bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "first byte 06",
        "062bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "first byte 07",
        "072bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "first byte 82",
        "822bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "x = 1, no point of the curve",
        "020000000000000000000000000000000000000000000000000000000000000001",
        True,
    ),
    (
        "x = 0",
        "020000000000000000000000000000000000000000000000000000000000000000",
        False,
    ),
    (
        "x = p, which is 0 once more",
        "02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        True,
    ),
    (
        "x = 5",
        "030000000000000000000000000000000000000000000000000000000000000005",
        False,
    ),
    (
        "x = 5 + p, a second spelling",
        "03ffffffff00000001000000000000000000000001000000000000000000000004",
        True,
    ),
    (
        "the point at infinity",
        "00",
        True,
    ),
    (
        "33 zero bytes",
        "000000000000000000000000000000000000000000000000000000000000000000",
        True,
    ),
    (
        "32 bytes",
        "2bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f3",
        True,
    ),
    (
        "34 bytes",
        "022bb71cd9c9752f90beb49bfa40221b2af0c38eaf7a3820c68776b5075d2d47f300",
        True,
    ),
    (
        "nothing",
        "",
        True,
    ),
    (
        "a point of the curve secp256k1",
        "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        True,
    ),
)
