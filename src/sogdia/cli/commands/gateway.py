"""`sogdia gateway`: an issuer's money in and out, by bank, card, wallet and cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from sogdia.cli.options import Folder, Way, json_option, keys_option, node_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

F = TypeVar("F", bound="Callable[..., Any]")

FOLDER = click.argument("folder", metavar="DIR", type=Folder())
ITEM = click.argument("item", metavar="RAIL/REFERENCE")
FROM = click.option("--from", "from_", required=True, metavar="KEY", help="The issuer's key.")
MANDATE_HELP = "The issuer's mandate under which KEY signs: so the issuer's own key need not lie where this runs."
BECAUSE = click.option("--because", required=True, metavar="TEXT", help="Why; it is kept with the credit.")
YES = click.option("--yes", is_flag=True, help="Do it without asking.")
RAIL_HELP = "NAME=KIND:ACCOUNT[:OPENING]; KIND is bank, card, wallet or agent. Repeatable."
ANSWERS = ("yes", "late", "no", "return", "twice", "no-and-yes")


def way_options(command: F) -> F:
    """Add where the node and the keys are, and --json."""
    for each in (json_option, keys_option, node_option):
        command = each(command)
    return command


def _way(node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> Way:
    return Way(node_folder, keys_folder, as_json)


@click.group()
def gateway() -> None:
    """Mint what comes in by an issuer's rails, pay out what holders redeem, and show every day that it adds up.

    \b
    sogdia gateway create desk --from bank --currency KES --owner treasury --rail bank=bank:KE-100:5000000.00
    sogdia gateway reference desk nairobi
    sogdia gateway run desk --from bank
    sogdia gateway suspense desk
    sogdia gateway reconcile desk

    Rails put their documents into DIR/RAIL/in, and fetch orders from DIR/RAIL/out. A run may die anywhere: the next
    one goes on, and nothing is minted or paid twice.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@gateway.command()
@FOLDER
@FROM
@click.option("--currency", required=True, metavar="CUR", help="The issuer's currency.")
@click.option("--owner", required=True, metavar="NAME", help="Who answers for what waits in suspense.")
@click.option("--rail", "rails", required=True, multiple=True, metavar="RAIL", help=RAIL_HELP)
@click.option("--emulated", is_flag=True, help="Make keys for the other side, too: for a gateway to try.")
@way_options
def create(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    from_: str,
    currency: str,
    owner: str,
    rails: tuple[str, ...],
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    emulated: bool,
    as_json: bool,
) -> None:
    """Make the folder of a gateway, with settings to go on from.

    OPENING is what lies at the rail now: it belongs to what circulates, and what is more is the issuer's own.
    """
    from sogdia.cli import gateway_work  # noqa: PLC0415 - it needs the library that reads XML

    way = _way(node_folder, keys_folder, as_json=as_json)
    gateway_work.create(folder, from_, currency, owner, rails, way, emulated=emulated)


@gateway.command()
@FOLDER
@click.argument("account", metavar="ACCOUNT")
@way_options
def reference(folder: Path, account: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Give ACCOUNT its funding reference, and say by which rules money comes in: when, and who bears a chargeback."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    gateway_work.show_reference(folder, account, _way(node_folder, keys_folder, as_json=as_json))


@gateway.command()
@FOLDER
@click.argument("account", metavar="ACCOUNT")
@click.option("--payout", required=True, metavar="TEXT", help="The reference that the holder gives when it redeems.")
@click.option("--rail", required=True, metavar="RAIL", help="By which rail it is paid.")
@click.option("--to", required=True, metavar="TEXT", help="Where at that rail: an IBAN, a wallet, an agent.")
@click.option("--name", required=True, metavar="TEXT", help="Whom the rail pays.")
@way_options
def payee(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    account: str,
    payout: str,
    rail: str,
    to: str,
    name: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Note where ACCOUNT is paid when it redeems: this is agreed here, and no name or account goes on the ledger."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    way = _way(node_folder, keys_folder, as_json=as_json)
    gateway_work.add_payee(folder, (account, payout, rail, to, name), way)


@gateway.command()
@FOLDER
@FROM
@click.option("--dry-run", is_flag=True, help="Say what would be done; sign, send, move and note nothing.")
@click.option("--mandate", metavar="NAME", help=MANDATE_HELP)
@click.option("--every", type=click.IntRange(1, 86_400), metavar="SECONDS", help="Run again and again, until Ctrl-C.")
@way_options
def run(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    from_: str,
    mandate: str | None,
    every: int | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Do all that can be done now: take documents in, mint, pay out, answer redemptions, send back what is overdue.

    The exit status is 1 when a document was refused; it lies in DIR/RAIL/refused then.
    """
    from sogdia.cli import gateway_ledger, gateway_work  # noqa: PLC0415 - as above

    way = _way(node_folder, keys_folder, as_json=as_json)
    signer = gateway_ledger.Signer(from_, mandate)
    return gateway_work.run_pass(folder, signer, every, way, dry_run=dry_run)


@gateway.command()
@FOLDER
@way_options
def suspense(folder: Path, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """List what has come in and is not minted: why, who answers for it, and until when."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    gateway_work.show_suspense(folder, _way(node_folder, keys_folder, as_json=as_json))


@gateway.command()
@FOLDER
@ITEM
@click.option("--to", required=True, metavar="ACCOUNT", help="For whom it is.")
@BECAUSE
@YES
@way_options
def assign(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    item: str,
    to: str,
    because: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Say for whom a credit in suspense is; the next run mints it."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    def does(opened: gateway_work.Gateway) -> str:
        return gateway_work.assign(opened, item, to, because)

    way = _way(node_folder, keys_folder, as_json=as_json)
    gateway_work.decide(folder, f"Mint {item} for {to}?", does, way, yes=yes)


@gateway.command("hand-over")
@FOLDER
@ITEM
@click.option("--owner", required=True, metavar="NAME", help="Who answers for it from now on.")
@YES
@way_options
def hand_over(  # noqa: PLR0913 - one parameter an option
    folder: Path, item: str, owner: str, node_folder: Path | None, keys_folder: Path | None, *, yes: bool, as_json: bool
) -> None:
    """Give a credit in suspense to somebody else to answer for. Its deadline stays."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above
    from sogdia.gateway import deciding  # noqa: PLC0415 - as above

    def does(opened: gateway_work.Gateway) -> str:
        return f"{deciding.hand_over(opened.desk, item, owner).name} is {owner}'s now."

    way = _way(node_folder, keys_folder, as_json=as_json)
    gateway_work.decide(folder, f"Give {item} to {owner}?", does, way, yes=yes)


@gateway.command("send-back")
@FOLDER
@ITEM
@click.option("--to", default="", metavar="TEXT", help="Where to, when the rail did not say where it came from.")
@BECAUSE
@YES
@way_options
def send_back(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    item: str,
    to: str,
    because: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Send a credit in suspense back by its rail, before its deadline."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    def does(opened: gateway_work.Gateway) -> str:
        return gateway_work.send_back(opened, item, because, to)

    gateway_work.decide(folder, f"Send {item} back?", does, _way(node_folder, keys_folder, as_json=as_json), yes=yes)


@gateway.command()
@FOLDER
@ITEM
@BECAUSE
@YES
@way_options
def own(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    item: str,
    because: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Say that an entry which nothing explains, or a credit in suspense, is the issuer's own: a fee, interest."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above
    from sogdia.gateway import deciding  # noqa: PLC0415 - as above

    def does(opened: gateway_work.Gateway) -> str:
        deciding.take_as_own(opened.desk, item, because)
        return f"{item} is the issuer's own."

    way = _way(node_folder, keys_folder, as_json=as_json)
    gateway_work.decide(folder, f"Take {item} as the issuer's own?", does, way, yes=yes)


@gateway.command()
@FOLDER
@way_options
def payouts(folder: Path, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """List the pay-outs that are under way: what the ledger says of each, and what its rail says."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    gateway_work.show_payouts(folder, _way(node_folder, keys_folder, as_json=as_json))


@gateway.command()
@FOLDER
@click.argument("payout", metavar="PAYOUT")
@YES
@way_options
def pay(  # noqa: PLR0913 - one parameter an option
    folder: Path, payout: str, node_folder: Path | None, keys_folder: Path | None, *, yes: bool, as_json: bool
) -> None:
    """Pay a redemption that somebody confirmed by hand, without this gateway, and did not pay."""
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above
    from sogdia.gateway import deciding  # noqa: PLC0415 - as above

    def does(opened: gateway_work.Gateway) -> str:
        deciding.pay(opened.desk, payout)
        return f"{payout} is ordered by the next run."

    gateway_work.decide(folder, f"Pay {payout}?", does, _way(node_folder, keys_folder, as_json=as_json), yes=yes)


@gateway.command()
@FOLDER
@way_options
def reconcile(folder: Path, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> int:
    """Compare what lies at the rails with what circulates, waits and flies, and list every difference.

    The exit status is 0 when it adds up to the unit, every rail's statement of yesterday agrees, nothing is
    unexplained, and the reserve covers what is owed; it is 4 when not.
    """
    from sogdia.cli import gateway_work  # noqa: PLC0415 - as above

    return gateway_work.run_reconcile(folder, _way(node_folder, keys_folder, as_json=as_json))


@gateway.command()
@FOLDER
@click.option("--listen", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT", help="Where to listen.")
def listen(folder: Path, listen: str) -> int:
    """Take signed webhooks of acquirers, wallets and agents over HTTP (POST /RAIL), and put them where runs find them.

    The header Sogdia-Signature is t=MOMENT,v1=SIGNATURE over "MOMENT.BODY". Only a body whose signature is good and
    whose moment is of the last five minutes is taken; one that is sent again is taken again, and has no second effect.
    """
    from sogdia.cli import gateway_listening  # noqa: PLC0415 - only serving needs it

    return gateway_listening.run(folder, listen)


# ------------------------------------------------------------------------------------------------------- the other side


@gateway.group()
def emulate() -> None:
    """Play the other side of a gateway that was made with --emulated: pay in, answer orders, take back, close the day.

    \b
    sogdia gateway emulate pay-in desk --rail bank --amount 2500.00 --text "RF48 …"
    sogdia gateway emulate answer desk yes
    sogdia gateway emulate play desk --seed 7 --steps 40
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@emulate.command("pay-in")
@FOLDER
@click.option("--rail", required=True, metavar="RAIL", help="By which rail.")
@click.option("--amount", required=True, help="How much, such as 2500.00.")
@click.option("--text", required=True, metavar="TEXT", help="What the payer writes on it.")
@click.option("--payer", default="", metavar="TEXT", help="Where it comes from, as far as the rail says.")
@way_options
def pay_in(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    rail: str,
    amount: str,
    text: str,
    payer: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Let somebody pay in, and the rail tell of it."""
    from sogdia.cli import gateway_emulating  # noqa: PLC0415 - as above

    way = _way(node_folder, keys_folder, as_json=as_json)
    gateway_emulating.pay_in(folder, rail, amount, text, payer, way)


@emulate.command("take-back")
@FOLDER
@ITEM
@click.option("--amount", help="How much of it. Default: all.")
@way_options
def take_back(  # noqa: PLR0913 - one parameter an option
    folder: Path, item: str, amount: str | None, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool
) -> None:
    """Take a credit back: a chargeback, a recall."""
    from sogdia.cli import gateway_emulating  # noqa: PLC0415 - as above

    gateway_emulating.take_back(folder, item, amount, _way(node_folder, keys_folder, as_json=as_json))


@emulate.command()
@FOLDER
@click.argument("how", type=click.Choice(ANSWERS))
@way_options
def answer(folder: Path, how: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Answer all orders for pay-outs: yes, yes but late, no, yes and then a return, twice, or no and then yes.

    Not to answer at all is to wait.
    """
    from sogdia.cli import gateway_emulating  # noqa: PLC0415 - as above

    gateway_emulating.answer(folder, how, _way(node_folder, keys_folder, as_json=as_json))


@emulate.command("close-day")
@FOLDER
@way_options
def close_day(folder: Path, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Let every rail send its statement of the present day, with all that it had not told yet."""
    from sogdia.cli import gateway_emulating  # noqa: PLC0415 - as above

    gateway_emulating.close_day(folder, _way(node_folder, keys_folder, as_json=as_json))


@emulate.command()
@FOLDER
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Which life it is; the same seed is the same life."
)
@click.option("--steps", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many things happen.")
@way_options
def play(  # noqa: PLR0913 - one parameter an option
    folder: Path, seed: int, steps: int, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool
) -> None:
    """Live at random: payments with right and wrong references, answers late, twice and out of order, chargebacks."""
    from sogdia.cli import gateway_emulating  # noqa: PLC0415 - as above

    gateway_emulating.play(folder, seed, steps, _way(node_folder, keys_folder, as_json=as_json))
