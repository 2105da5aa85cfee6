"""Finding documents by their words, with the same answer in the same order on every database.

Words are cut by our own analyser and spelled in hexadecimal, so that no database has an opinion about letters: FTS5
takes them as ASCII, PostgreSQL as lexemes. Every word of a question has to be there; the newest document comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, Table, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import TSVECTOR

from sogdia.index.database import SQLITE
from sogdia.index.schema import METADATA, ByteOrderedText, Whole
from sogdia.index.words import WORD_MAX, document_words, fold, query_words

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sogdia.index.batch import Batch

HITS_MAX = 100
COMPLETIONS_MAX = 10
NEWEST = 4_096
"""How many of the newest documents PostgreSQL looks through first: a frequent word is found there at once."""

COUNTERS = Table(
    "search_counters",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("last", Whole, nullable=False),
)
"""The number of the last document of each kind; documents are numbered from 1 in the order of the ledger."""


def spelled(word: str) -> str:
    """Spell a word in ASCII: the hexadecimal digits of its UTF-8. What begins alike still does."""
    return word.encode().hex()


class WordTables:
    """The tables of one kind of documents: which words each has, and how many documents have each word."""

    def __init__(self, name: str) -> None:
        """Declare the tables. The first is a virtual table in SQLite, so it is made by hand."""
        self.name = name
        self.documents = Table(name, MetaData(), Column("rowid", Whole, primary_key=True), Column("words", TSVECTOR))
        self.vocabulary = Table(
            f"{name}_vocabulary",
            METADATA,
            Column("word", ByteOrderedText, primary_key=True),
            Column("documents", Whole, nullable=False),
            sqlite_with_rowid=False,
        )
        self.counter = COUNTERS
        self.appended = (self.documents,)
        match_sqlite = (
            f"SELECT rowid FROM {name} WHERE {name} MATCH :query AND rowid < :below ORDER BY rowid DESC LIMIT :limit"  # noqa: S608
        )
        self._match = text(match_sqlite)
        self._newest = text(
            f"SELECT rowid FROM {name} WHERE rowid < :below AND rowid >= :from AND words @@ CAST(:query AS tsquery)"  # noqa: S608 - names of our own
            " ORDER BY rowid DESC LIMIT :limit"
        )
        self._all = text(
            f"SELECT rowid FROM {name} WHERE rowid + 0 < :from AND words @@ CAST(:query AS tsquery)"  # noqa: S608 - as above
            " ORDER BY rowid + 0 DESC LIMIT :limit"
        )
        word = self.vocabulary.c.word
        self._completions = (
            select(word, self.vocabulary.c.documents)
            .where(word >= bindparam("first"), word < bindparam("last"), self.vocabulary.c.documents > 0)
            .order_by(self.vocabulary.c.documents.desc(), word)
            .limit(bindparam("limit"))
        )

    def create(self, connection: Connection) -> None:
        """Make the table that holds the words; the others are made with the rest of the schema."""
        if connection.dialect.name == SQLITE:
            connection.exec_driver_sql(
                f"CREATE VIRTUAL TABLE {self.name} USING fts5(words, tokenize='ascii', detail=none, columnsize=0)"
            )
            return
        connection.exec_driver_sql(f"CREATE TABLE {self.name} (rowid bigint PRIMARY KEY, words tsvector NOT NULL)")
        connection.exec_driver_sql(
            f"CREATE INDEX {self.name}_by_word ON {self.name} USING gin (words) WITH (fastupdate = off)"
        )

    def drop(self, connection: Connection) -> None:
        """Remove that table."""
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {self.name}")

    # ---------------------------------------------------------------------------------------------------------- asking

    def find(self, connection: Connection, question: str, *, below: int | None = None, limit: int = 24) -> list[int]:
        """Give the numbers of the newest documents below one that have every word of the question."""
        words = [spelled(word) for word in query_words(question)]
        if not words:
            return []
        limit = max(1, min(limit, HITS_MAX))
        below = 2**62 if below is None else below
        if connection.dialect.name == SQLITE:
            query = " AND ".join([f'"{word}"' for word in words])
            found = connection.execute(self._match, {"query": query, "below": below, "limit": limit})
            return [row[0] for row in found]
        return self._find_in_postgresql(connection, " & ".join([f"'{word}'" for word in words]), below, limit)

    def _find_in_postgresql(self, connection: Connection, query: str, below: int, limit: int) -> list[int]:
        """Look through the newest documents first; only a word that is rare there is looked up in the inverted index.

        PostgreSQL's index knows no order: for a frequent word it would fetch and sort every document that has it.
        """
        last = connection.execute(select(COUNTERS.c.last).where(COUNTERS.c.kind == self.name)).scalar() or 0
        start = min(below, last + 1) - NEWEST
        newest = connection.execute(self._newest, {"query": query, "below": below, "from": start, "limit": limit})
        found = [row[0] for row in newest]
        if len(found) == limit or start <= 1:
            return found
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        older = connection.execute(self._all, {"query": query, "from": start, "limit": limit - len(found)})
        found += [row[0] for row in older]
        connection.exec_driver_sql("SET LOCAL enable_seqscan = on")
        return found

    def complete(self, connection: Connection, begun: str, *, limit: int = COMPLETIONS_MAX) -> list[tuple[str, int]]:
        """Give the words that begin with the last word of what was typed, the most frequent first, for type-ahead."""
        words = query_words(begun)
        if not words or fold(begun)[-1:] == " ":
            return []
        first = spelled(words[-1][:WORD_MAX])
        # "g" is above every hexadecimal digit.
        asked = {"first": first, "last": first + "g", "limit": max(1, min(limit, COMPLETIONS_MAX))}
        return [(bytes.fromhex(word).decode(), count) for word, count in connection.execute(self._completions, asked)]


LISTING_WORDS = WordTables("listing_words")
PARTY_WORDS = WordTables("party_words")
ALL_WORDS = (LISTING_WORDS, PARTY_WORDS)


def enter_document(batch: Batch, tables: WordTables, content: str) -> int:
    """Number a new document and enter its words; give the number."""
    counters = batch.rows(COUNTERS)
    known = counters.find(tables.name)
    number: int = 1 if known is None else known["last"] + 1
    counters.put({"kind": tables.name, "last": number})
    words = [spelled(word) for word in document_words(content)]
    batch.append(tables.documents, number, " ".join(words))
    _count(batch, tables, words, 1)
    return number


def remove_document(batch: Batch, tables: WordTables, number: int, content: str) -> None:
    """Take a document out, so that it is found no more."""
    batch.remove(tables.documents, number)
    _count(batch, tables, [spelled(word) for word in document_words(content)], -1)


def _count(batch: Batch, tables: WordTables, words: list[str], by: int) -> None:
    vocabulary: Any = batch.rows(tables.vocabulary)
    vocabulary.want(words)
    vocabulary.fetch()
    for word in words:
        known = vocabulary.find(word)
        vocabulary.put({"word": word, "documents": by + (0 if known is None else known["documents"])})
