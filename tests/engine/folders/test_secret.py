"""The blinding secret goes wherever a whole ledger goes, and another one is refused wherever a ledger is read."""

from __future__ import annotations

import shutil

import msgspec
import pytest

from sogdia.engine.folders.audit import audit
from sogdia.engine.folders.backup import BackupRefusedError, back_up_folder, restore
from sogdia.engine.folders.export import export_folder
from sogdia.engine.folders.following import Difference
from sogdia.engine.folders.importing import ExportRefusedError, import_export
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.ledger.dry_run import dry_run
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError
from sogdia.kernel.admission import direct
from sogdia.kernel.blinding import BLIND_BYTES, NO_SECRET, blinding_of, commitment_to, receipt_blind
from sogdia.modules import ALL
from sogdia.modules.market.records import ORDERS
from sogdia.modules.money.records import BALANCES
from sogdia.testing.ledger import genesis
from tests.engine.folders.ledgers import Surgeon
from tools.golden_folder import SECRET, Story

OTHER = bytes(31) + b"\x01"
DIFFERS = "blinding secret is not the one"


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("story") / "ledger"
    written = Story(folder)
    written.play()
    written.ledger.close()
    return folder


@pytest.fixture
def folder(story, tmp_path):
    shutil.copytree(story, tmp_path / "ledger")
    return tmp_path / "ledger"


def test_exports_and_backups_carry_the_secret_and_what_is_made_of_them_has_it(folder, tmp_path):
    exported = export_folder(folder, tmp_path / "export")
    back_up_folder(folder, tmp_path / "backup")

    imported = import_export(tmp_path / "export", tmp_path / "imported", ALL)
    restore(tmp_path / "backup", tmp_path / "restored", ALL)

    for made in (tmp_path / "imported", tmp_path / "restored"):
        ledger = Ledger.open(made, ALL)
        assert (ledger.file.secret(), ledger.tree.root) == (SECRET, imported.state_root)
        ledger.abandon()
        assert audit(made, ALL) == []
        assert isinstance(replay(made, ALL), Replayed)
    assert exported.network == imported.network
    assert SECRET.hex().encode() in (tmp_path / "export").read_bytes()


def test_receipts_are_blinded_with_the_secret_and_those_of_a_dry_run_are_not(tmp_path):
    story = Story(tmp_path / "ledger")
    story.play()
    ledger = story.ledger
    raw = story._pay("nairobi", "bukhara", 1).raw
    time = ledger.tip.time + 1

    tried = dry_run(ledger, raw, time, direct)
    envelope = ledger.machine.envelopes.open(raw, ledger.begin_block(time).limits)
    built = ledger.build_block(time, [envelope])
    ledger.close()

    assert built.block is not None
    (result,) = built.block.results
    assert tried.receipt is not None
    assert msgspec.msgpack.decode(result.receipt)[-1] == receipt_blind(SECRET, result.id)
    assert msgspec.msgpack.decode(tried.receipt)[-1] == receipt_blind(NO_SECRET, result.id)
    assert tried.receipt[:-BLIND_BYTES] == result.receipt[:-BLIND_BYTES]


def test_the_genesis_holds_no_more_of_it_than_its_hash(folder):
    ledger = Ledger.open(folder, ALL)
    raw = ledger.file.genesis()
    ledger.abandon()

    assert SECRET.hex().encode() not in raw
    assert commitment_to(SECRET).encode() in raw


@pytest.mark.parametrize("secret", [OTHER, NO_SECRET])
def test_a_folder_with_another_secret_is_not_opened_restored_replayed_or_passed_by_an_audit(folder, tmp_path, secret):
    Surgeon(folder).put_meta(b"secret", secret)

    with pytest.raises(DamagedError, match=DIFFERS):
        Ledger.open(folder, ALL)
    with pytest.raises(BackupRefusedError, match=DIFFERS):
        restore(folder, tmp_path / "restored", ALL)
    assert DIFFERS in audit(folder, ALL)[0].message
    found = replay(folder, ALL)
    assert isinstance(found, Difference)
    assert (found.part, DIFFERS in found.message) == ("genesis", True)


def test_an_export_with_another_secret_is_not_imported(folder, tmp_path):
    export_folder(folder, tmp_path / "export")
    raw = (tmp_path / "export").read_bytes()
    (tmp_path / "export").write_bytes(raw.replace(SECRET.hex().encode(), OTHER.hex().encode()))

    with pytest.raises(ExportRefusedError, match=DIFFERS):
        import_export(tmp_path / "export", tmp_path / "imported", ALL)
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    ("blinding", "secret"), [(commitment_to(SECRET), NO_SECRET), (commitment_to(SECRET), OTHER), (None, SECRET)]
)
def test_no_ledger_is_made_with_a_secret_to_which_its_genesis_is_not_committed(tmp_path, blinding, secret):
    with pytest.raises(FolderNotUsableError, match=DIFFERS):
        Ledger.create(tmp_path / "ledger", ALL, genesis(blinding=blinding), secret=secret)
    assert not (tmp_path / "ledger").exists()


@pytest.mark.parametrize(("table", "face", "secret", "problem"), [
    (ORDERS, 5, SECRET, "another face"), (BALANCES, 5, SECRET, "another face"), (BALANCES, 0, OTHER, "another blind"),
])  # fmt: skip
def test_an_audit_finds_a_record_whose_blind_or_face_is_not_what_it_must_be(tmp_path, table, face, secret, problem):
    written = Story(tmp_path / "ledger")
    written.play()
    tree = written.ledger.tree
    key, value = next(each for each in tree.items() if each[0][0] == table.number)
    tree.update([(key, None, 0)])
    tree._blinding = blinding_of(secret)
    tree.update([(key, value, face)])
    written.ledger.build_block(written.ledger.tip.time + 1, empty=True)
    written.ledger.close()

    found = audit(tmp_path / "ledger", ALL)

    assert [(finding.table, problem in finding.message) for finding in found[:1]] == [(table.name, True)]
