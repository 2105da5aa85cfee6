"""A national authority of our own, made with the real `openssl`: certificates, and signatures over statements."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EXTENSIONS = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[person]
basicConstraints = CA:FALSE
keyUsage = critical, nonRepudiation, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[encryption]
basicConstraints = CA:FALSE
keyUsage = critical, keyEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[strange]
basicConstraints = CA:FALSE
keyUsage = critical, nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
1.2.3.4.5 = critical, ASN1:NULL
"""

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "small-rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "brainpool": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
    "bitcoin": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
}


class Authority:
    """A folder with a root, an authority below it, and whoever asks for a certificate."""

    def __init__(self, folder: Path) -> None:
        """Make the root and the authority."""
        self.folder = folder
        (folder / "extensions.cnf").write_text(EXTENSIONS, "ascii")
        self._key("root", "p384")
        self._run("req", "-x509", "-new", "-key", "root.key", "-out", "root.pem", "-subj", "/C=UZ/CN=Root",
                  "-config", "extensions.cnf", "-extensions", "authority", "-days", "7300")  # fmt: skip
        self.enter("authority", "p256", extensions="authority", issuer="root", days=3650)

    def enter(
        self, name: str, kind: str, *, extensions: str = "person", issuer: str = "authority", days: int = 365
    ) -> None:
        """Give somebody a key and a certificate."""
        self._key(name, kind)
        self._run("req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/C=UZ/CN={name}",
                  "-config", "extensions.cnf")  # fmt: skip
        self._run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                  "-CAcreateserial", "-out", f"{name}.pem", "-extfile", "extensions.cnf", "-extensions", extensions,
                  "-days", str(days))  # fmt: skip

    def renew(self, name: str, renewed: str) -> None:
        """Give somebody another certificate for the same key."""
        self._run("x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                  "-CAcreateserial", "-out", f"{renewed}.pem", "-extfile", "extensions.cnf", "-extensions", "person",
                  "-days", "365")  # fmt: skip

    def sign(self, text: bytes, name: str, *options: str, digest: str = "sha256", binary: bool = True) -> bytes:
        """Sign a text, detached, with the authority's certificate beside the signer's."""
        (self.folder / "text").write_bytes(text)
        form = [] if "-outform" in options else ["-outform", "DER"]
        chain = [] if "-nocerts" in options else ["-certfile", "authority.pem"]
        self._run("cms", "-sign", *(["-binary"] if binary else []), "-in", "text", "-signer", f"{name}.pem",
                  "-inkey", f"{name}.key", "-md", digest, *chain, *form, *options, "-out", "signature")  # fmt: skip
        return (self.folder / "signature").read_bytes()

    def pem(self, name: str = "root") -> bytes:
        """Give somebody's certificate."""
        return (self.folder / f"{name}.pem").read_bytes()

    def _key(self, name: str, kind: str) -> None:
        self._run("genpkey", *KEYS[kind], "-out", f"{name}.key")

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
