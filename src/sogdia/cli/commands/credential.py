"""`sogdia credential`: what stands behind an attestation, kept and shown off the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option, keys_option, node_option

if TYPE_CHECKING:
    from pathlib import Path

ATTESTATION = click.option("--attestation", required=True, metavar="NAME", help="Such as @registrar/lei-1.")
SEEN = click.argument("file", type=Folder())


@click.group()
def credential() -> None:
    """Keep, sign and show what stands behind an attestation.

    On the ledger stands only a commitment. A registrar puts down what it saw, offers the attestation, and signs a
    credential; its subject shows the credential, or one field of it; anybody checks it against the ledger.

    \b
    sogdia credential commit --attests lei --country UZ --field lei=529900T8BM49AURSDO55 --tag-key tag.key --out seen
    sogdia credential issue seen --from registrar --attestation @registrar/lei-1 --out firm.vc
    sogdia credential verify firm.vc
    sogdia credential disclose seen --field lei --attestation @registrar/lei-1 --out lei.shown
    sogdia credential check-disclosure lei.shown
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@credential.command("tag-key")
@click.argument("file", type=Folder())
@json_option
def tag_key(file: Path, *, as_json: bool) -> None:
    """Make the key under which a registrar knows its firms again, in the new FILE."""
    from sogdia.cli import vouching  # noqa: PLC0415 - importing it takes longer than asking for help

    vouching.new_tag_key(file, as_json=as_json)


@credential.command()
@click.option("--attests", required=True, metavar="TYPE", help="Such as lei, gln, tax_number, licence, aeo, identity.")
@click.option("--country", required=True, help="Two letters of ISO 3166.")
@click.option(
    "--field", "fields", multiple=True, required=True, metavar="NAME=VALUE", help="What was seen. Repeatable."
)
@click.option("--tag-key", "tag_key", type=Folder(), required=True, help="The registrar's tag key.")
@click.option("--out", type=Folder(), required=True, help="The new file for what was seen, with its secret.")
@json_option
def commit(  # noqa: PLR0913 - one parameter an option
    attests: str, country: str, fields: tuple[str, ...], tag_key: Path, out: Path, *, as_json: bool
) -> None:
    """Put down what was seen; show the commitment and the tag for 'sogdia tx offer-attestation'."""
    from sogdia.cli import vouching  # noqa: PLC0415 - as above

    vouching.commit(attests, country, fields, tag_key, out, as_json=as_json)


@credential.command()
@SEEN
@click.option("--from", "from_", required=True, metavar="KEY", help="The registrar's key.")
@ATTESTATION
@click.option("--issuer", metavar="DID", help="The registrar's did:web, in place of the did:key of its key.")
@click.option("--out", type=Folder(), required=True, help="The new file for the credential.")
@node_option
@keys_option
@json_option
def issue(  # noqa: PLR0913 - one parameter an option
    file: Path,
    from_: str,
    attestation: str,
    issuer: str | None,
    out: Path,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Sign the W3C credential of an attestation; FILE holds what was seen."""
    from sogdia.cli import vouching  # noqa: PLC0415 - as above

    vouching.issue(file, from_, attestation, issuer, out, options.Way(node_folder, keys_folder, as_json=as_json))


@credential.command()
@click.argument("file", type=Folder())
@click.option("--signature-only", is_flag=True, help="Don't ask the ledger whether the attestation still holds.")
@node_option
@keys_option
@json_option
def verify(
    file: Path, node_folder: Path | None, keys_folder: Path | None, *, signature_only: bool, as_json: bool
) -> None:
    """Check the credential in FILE: its signature, and by the ledger that it holds.

    One that proves nothing gives status 4.
    """
    from sogdia.cli import vouching  # noqa: PLC0415 - as above

    vouching.verify(file, options.Way(node_folder, keys_folder, as_json=as_json), signature_only=signature_only)


@credential.command()
@SEEN
@click.option("--field", required=True, metavar="NAME", help="The field to show.")
@ATTESTATION
@click.option("--out", type=Folder(), required=True, help="The new file for the disclosure.")
@node_option
@keys_option
@json_option
def disclose(  # noqa: PLR0913 - one parameter an option
    file: Path,
    field: str,
    attestation: str,
    out: Path,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show one field of FILE with its proof, and nothing of the others."""
    from sogdia.cli import vouching  # noqa: PLC0415 - as above

    vouching.disclose(file, field, attestation, out, options.Way(node_folder, keys_folder, as_json=as_json))


@credential.command("check-disclosure")
@click.argument("file", type=Folder())
@click.option("--proof", type=Folder(), help="Offline: a proof of the record in identity/attestations.")
@click.option("--genesis", type=Folder(), help="Offline: the genesis whose keys are trusted.")
@options.sandbox_option
@node_option
@keys_option
@json_option
def check_disclosure(  # noqa: PLR0913 - one parameter an option
    file: Path,
    proof: Path | None,
    genesis: Path | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Check the field that FILE shows, by a node's word, or offline by a proof.

    One that proves nothing gives status 4.
    """
    from sogdia.cli import vouching  # noqa: PLC0415 - as above

    way = options.Way(node_folder, keys_folder, as_json=as_json)
    vouching.check_disclosure(file, proof, genesis, way, sandbox=sandbox)
