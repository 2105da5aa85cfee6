"""Words are cut by us, so every database finds the same titles in the same order, in every script."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sogdia.index import following
from sogdia.index.cursors import CursorWrongError
from sogdia.index.database import open_engine
from sogdia.index.reading.trade import complete_title, search_listings, search_parties
from sogdia.index.search import NEWEST, LISTING_WORDS
from sogdia.index.words import QUERY_MAX, TERMS_MAX, WORD_MAX, document_words, query_words
from sogdia.modules.market.listings import CloseListing
from tests.index.conftest import new_database
from tests.index.market_day import open_shop
from tests.index.recorder import RecordedSource, RecordingLedger
from tests.index.titles import FOUND_BY, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


class Both(NamedTuple):
    """The same index on both databases."""

    sqlite: Connection
    postgres: Connection

    def found(self, question: str, cursor: str | None = None, limit: int = 100) -> tuple[list[str], str | None]:
        """Ask both, see that they agree, and give the titles with the cursor that follows."""
        pages = [search_listings(each, question, cursor=cursor, limit=limit) for each in self]
        assert pages[0] == pages[1]
        return [row.title for row in pages[0].rows], pages[0].next


@pytest.fixture(scope="module")
def shelf() -> RecordingLedger:
    """A ledger with the titles on the market, three times each."""
    ledger = RecordingLedger()
    titles = [title for title in TITLES if any(char.isalnum() for char in title)]
    open_shop(ledger, titles * 3)
    return ledger


@pytest.fixture(scope="module")
def both(shelf, postgres, tmp_path_factory) -> Iterator[Both]:
    """The index of the shelf on both databases."""
    urls = [f"sqlite:///{tmp_path_factory.mktemp('index') / 'index.sqlite'}", new_database(postgres)]
    engines = []
    for url in urls:
        following.build(RecordedSource(shelf), url)
        engines.append(open_engine(url))
    connections = [engine.connect() for engine in engines]
    yield Both(*connections)
    for connection, engine in zip(connections, engines, strict=True):
        connection.close()
        engine.dispose()


@pytest.mark.real("PostgreSQL")
@pytest.mark.parametrize(("question", "title"), FOUND_BY.items(), ids=list(FOUND_BY))
def test_a_buyer_finds_the_goods_by_the_words_of_its_own_keyboard(both, question, title):
    found, _next = both.found(question)

    assert title in found


WORDS = sorted({word for title in TITLES for word in (*title.split(), *document_words(title))})


@pytest.mark.real("PostgreSQL")
@given(
    question=st.one_of(
        st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
        st.builds(lambda title, first, length: title[first : first + length], st.sampled_from(TITLES), st.integers(0, 20), st.integers(0, 30)),
        st.text(max_size=30),
    )
)
@example(question="' OR 1=1 --")
@example(question='"silk" NOT NEAR(*)')
@example(question="silk & !tea | (ikat:*)")
@example(question="\x00\ud7ff\uffff")
@example(question="")
def test_both_databases_find_the_same_in_the_same_order(both, question):
    found, _next = both.found(question)

    words = set(query_words(question))
    wanted = [title for title in TITLES if words and words <= set(document_words(title))]
    assert sorted(found) == sorted(wanted * 3)


@pytest.mark.real("PostgreSQL")
@pytest.mark.parametrize("question", ["silk", "чай", "茶", "100"])
def test_pages_of_hits_join_without_gaps_or_doubles(both, question):
    whole, _next = both.found(question)
    joined: list[str] = []
    cursor = None
    while True:
        page, cursor = both.found(question, cursor, limit=2)
        joined += page
        if cursor is None:
            break

    assert len(whole) > 2
    assert joined == whole


@pytest.mark.real("PostgreSQL")
def test_a_cursor_of_another_question_is_refused(both):
    _page, cursor = both.found("silk", limit=2)

    for each in both:
        with pytest.raises(CursorWrongError):
            search_listings(each, "чай", cursor=cursor)


@pytest.mark.real("PostgreSQL")
@given(begun=st.one_of(st.sampled_from(WORDS).flatmap(lambda word: st.integers(0, 8).map(lambda end: word[:end])), st.text(max_size=8)))
@example(begun="green te")
@example(begun="s")
def test_both_databases_complete_a_word_alike(both, begun):
    first, second = [complete_title(each, begun) for each in both]

    assert first == second
    assert all(word.startswith(query_words(begun)[-1]) for word, _count in first)
    assert [count for _word, count in first] == sorted((count for _word, count in first), reverse=True)


@pytest.mark.real("PostgreSQL")
def test_typing_ahead_gives_the_most_frequent_words(both):
    assert complete_title(both.sqlite, "hand-woven sil") == [("silk", 9)]
    assert complete_title(both.sqlite, "зеле") == [("зеленый", 6)]
    assert complete_title(both.sqlite, "silk ") == []


def test_a_closed_listing_is_found_no_more(database):
    ledger = RecordingLedger()
    open_shop(ledger, ["Silk of Bukhara", "Silk of Lanzhou"])
    ledger.must("bukhara", CloseListing(listing="l0"))
    following.build(RecordedSource(ledger), database)
    engine = open_engine(database)
    with engine.connect() as connection:
        assert [row.title for row in search_listings(connection, "silk").rows] == ["Silk of Lanzhou"]
        assert complete_title(connection, "buk") == []
        assert [row.reference for row in search_parties(connection, "Bukhara").rows] == ["bukhara"]
    engine.dispose()


@pytest.mark.real("PostgreSQL")
def test_older_documents_than_the_newest_thousands_are_found_in_the_same_order(postgres, monkeypatch, shelf):
    from sogdia.index import search  # noqa: PLC0415 - to narrow what is looked through first

    url = new_database(postgres)
    following.build(RecordedSource(shelf), url)
    engine = open_engine(url)
    with engine.connect() as connection:
        whole = LISTING_WORDS.find(connection, "silk", limit=100)
        for newest in (1, 5, 30, 31, 32, NEWEST):
            monkeypatch.setattr(search, "NEWEST", newest)
            assert LISTING_WORDS.find(connection, "silk", limit=100) == whole
            assert LISTING_WORDS.find(connection, "silk", below=whole[3], limit=2) == whole[4:6]
            assert LISTING_WORDS.find(connection, "silk", limit=3) == whole[:3]
    engine.dispose()


def test_words_are_bounded():
    assert len(query_words(" ".join(f"word{number}" for number in range(100)))) <= TERMS_MAX
    assert query_words("x" * 10_000) == ["x" * WORD_MAX]
    assert document_words("x" * WORD_MAX + "y") == ["x" * WORD_MAX]
    assert query_words("a" * QUERY_MAX + " b") == ["a" * WORD_MAX]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße", ["strasse"]),
        ("丝绸围巾", ["丝绸", "绸围", "围巾"]),
        ("茶", ["茶"]),
        ("iPhone手机", ["iphone", "手机"]),
        ("Oʻzbek o'zbek", ["ozbek"]),
        ("۱۲۳ ١٢٣ 123", ["123"]),
        ("USB-C", ["usb", "c"]),
        ("…!", []),
    ],
)
def test_a_question_is_cut_into_words(text, words):
    assert query_words(text) == words


@given(st.text(max_size=60))
def test_a_text_is_found_by_each_of_its_own_words_and_by_itself(text):
    words = set(document_words(text))

    assert set(query_words(text)) <= words
    assert all(set(query_words(word)) <= {word} for word in words)
