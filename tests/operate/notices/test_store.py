"""What notices keep of people: encrypted, with consent, and gone when they say so."""

from __future__ import annotations

import stat

import pytest

from sogdia.operate.notices.store import (
    CONFIRM_ATTEMPTS_MAX,
    CONFIRM_SECONDS,
    FILE,
    KEY_FILE,
    SUBSCRIPTIONS_PER_ACCOUNT_MAX,
    Store,
    StoreWrongError,
    TooManyError,
)

ZARINA = bytes(range(20))
OTHER = bytes(range(1, 21))
ADDRESS = "zarina@example.org"


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "notices")
    yield made
    made.close()


def raw_bytes(folder) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("notices.db*")))


def test_an_address_is_on_the_disk_only_encrypted_and_not_at_all_once_forgotten(tmp_path, store):
    store.subscribe(ZARINA, "mail", ADDRESS, "ru", 1_000, consented=True)
    folder = tmp_path / "notices"
    (sealed,) = store._db.execute("SELECT address FROM subscriptions").fetchone()

    assert ADDRESS.encode() not in raw_bytes(folder)
    assert sealed in raw_bytes(folder)
    assert store.forget(ZARINA) == 1

    assert sealed not in raw_bytes(folder)
    assert ZARINA not in raw_bytes(folder)
    assert store.of_accounts([ZARINA]) == []


def test_an_address_that_is_dropped_is_overwritten_as_well(tmp_path, store):
    made = store.subscribe(ZARINA, "mail", ADDRESS, "ru", 1_000, consented=True)
    (sealed,) = store._db.execute("SELECT address FROM subscriptions").fetchone()

    store.drop(made.number)

    assert sealed not in raw_bytes(tmp_path / "notices")


def test_only_its_owner_may_read_what_is_kept(tmp_path, store):
    store.count()
    folder = tmp_path / "notices"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in (FILE, KEY_FILE)} == {0o600}


def test_forgetting_takes_what_waits_along_and_leaves_others_alone(store):
    one = store.subscribe(ZARINA, "mail", ADDRESS, "ru", 1_000, consented=True)
    other = store.subscribe(OTHER, "mail", ADDRESS, "ru", 1_000, consented=True)
    with store.changing():
        for each in (one, other):
            assert store.tell(each.number, "order_due", "due", b",object", 5_000, 5_000, 1_000)

    store.forget(ZARINA)

    assert [each.subscription for each in store.waiting(1_000, 10)] == [other.number]
    assert [each.account for each in store.of_accounts([ZARINA, OTHER])] == [OTHER]


def test_nothing_is_told_before_the_code_has_come_back(store):
    made = store.subscribe(ZARINA, "sms", "+254712345678", "sw", 1_000, consented=False)

    assert store.of_accounts([ZARINA]) == []
    assert [each.text for each in store.waiting(1_000, 10)] == ["confirm"]
    assert not store.confirm(ZARINA, "wrong", 1_001)
    assert not store.confirm(OTHER, str(made.confirm), 1_001)
    assert store.confirm(ZARINA, f" {str(made.confirm).upper()} ", 1_001)
    assert [each.number for each in store.of_accounts([ZARINA])] == [made.number]
    assert not store.confirm(ZARINA, str(made.confirm), 1_002)


@pytest.mark.parametrize(("attempts", "taken"), [(CONFIRM_ATTEMPTS_MAX - 1, True), (CONFIRM_ATTEMPTS_MAX, False)])
def test_a_code_cannot_be_guessed_for_long(store, attempts, taken):
    made = store.subscribe(ZARINA, "mail", ADDRESS, "ru", 1_000, consented=False)
    for _ in range(attempts):
        assert not store.confirm(ZARINA, "22222222", 1_001)

    assert store.confirm(ZARINA, str(made.confirm), 1_001) is taken


@pytest.mark.parametrize(("later", "taken"), [(CONFIRM_SECONDS, True), (CONFIRM_SECONDS + 1, False)])
def test_a_code_ends_with_its_time(store, later, taken):
    made = store.subscribe(ZARINA, "mail", ADDRESS, "ru", 1_000, consented=False)

    assert store.confirm(ZARINA, str(made.confirm), 1_000 + later) is taken
    assert store.count()["unconfirmed"] == 0


def test_an_account_has_so_many_subscriptions_and_one_of_an_address(store):
    for number in range(SUBSCRIPTIONS_PER_ACCOUNT_MAX):
        store.subscribe(ZARINA, "mail", f"z{number}@example.org", "ru", 1_000, consented=True)
    store.subscribe(ZARINA, "mail", "z0@example.org", "en", 1_000, consented=True)

    with pytest.raises(TooManyError):
        store.subscribe(ZARINA, "mail", "another@example.org", "ru", 1_000, consented=True)
    assert store.count()["subscriptions"] == SUBSCRIPTIONS_PER_ACCOUNT_MAX


def test_the_wrong_key_and_a_later_version_are_told(tmp_path):
    store = Store(tmp_path)
    store.subscribe(ZARINA, "mail", ADDRESS, "ru", 1_000, consented=True)
    store.close()
    key = (tmp_path / KEY_FILE).read_bytes()

    (tmp_path / KEY_FILE).write_bytes(bytes(32))
    other = Store(tmp_path)
    with pytest.raises(StoreWrongError, match="not the key"):
        other.of_accounts([ZARINA])
    other.close()
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(StoreWrongError, match="no key"):
        Store(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(key)
    again = Store(tmp_path)
    assert again.of_accounts([ZARINA])[0].address == ADDRESS
    again._db.execute("PRAGMA user_version = 2")
    again.close()
    with pytest.raises(StoreWrongError, match="version 2"):
        Store(tmp_path)
