"""The pages of an LMDB 0.9 data file: which kind each one is, and where on it something stands that is ever read.

Written from the layout of the format alone, without LMDB, so that a file can be examined which LMDB would refuse:

    page    number u64, spare u16, flags u16, lower u16, upper u16 (or: count of pages u32), then pointers u16 …
    node    low u16, high u16, flags u16, key size u16, key, value; on a branch low, high and flags are a page number
    meta    page header, magic u32, version u32, address u64, map size u64, two trees (free, main), last page,
            transaction
    tree    spare u32, flags u16, depth u16, branch, leaf and overflow pages, entries, root; all u64
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

PAGE_BYTES = 4096
HEADER_BYTES = 16
META_BYTES = 136
NODE_BYTES = 8
TREE_BYTES = 48
MAGIC = 0xBEEFC0DE
NO_PAGE = (1 << 64) - 1

BRANCH_FLAG, LEAF_FLAG, OVERFLOW_FLAG, META_FLAG = 0x01, 0x02, 0x04, 0x08
BIG_VALUE, SUB_TREE = 0x01, 0x02


class Kind(StrEnum):
    """What a page is for."""

    META_NEWEST = "meta, newest"
    META_OLDER = "meta, older"
    BRANCH = "branch"
    LEAF = "leaf"
    OVERFLOW = "overflow"
    FREE_LIST = "free list"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or a run of them under one header, and the byte ranges in it that carry meaning."""

    kind: Kind
    number: int
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Meta:
    """What a meta page says."""

    number: int
    free_root: int
    main_root: int
    last_page: int
    transaction: int


class NotLmdbError(Exception):
    """The file isn't an LMDB 0.9 file of 4,096-byte pages, or its trees don't hold together."""


class DataFile:
    """The bytes of a data file, and what can be read from them."""

    def __init__(self, content: bytes) -> None:
        """Take the bytes of a whole and undamaged file."""
        self.content = content
        self.metas = sorted((self._meta(number) for number in (0, 1)), key=lambda meta: meta.transaction)

    def _numbers(self, layout: str, offset: int) -> tuple[int, ...]:
        if offset < 0 or offset + struct.calcsize(layout) > len(self.content):
            raise NotLmdbError(f"something points to byte {offset} of {len(self.content)}")
        return struct.unpack_from(layout, self.content, offset)

    def _meta(self, number: int) -> Meta:
        start = number * PAGE_BYTES + HEADER_BYTES
        magic, version, _, _, page_bytes = self._numbers("<IIQQI", start)
        if (magic, version, page_bytes) != (MAGIC, 1, PAGE_BYTES):
            raise NotLmdbError(f"meta page {number}: magic {magic:x}, version {version}, pages of {page_bytes} bytes")
        trees = start + 24
        (free_root,), (main_root,) = (self._numbers("<Q", trees + tree * TREE_BYTES + 40) for tree in (0, 1))
        last_page, transaction = self._numbers("<QQ", trees + 2 * TREE_BYTES)
        return Meta(number, free_root, main_root, last_page, transaction)

    def pages(self) -> Iterator[Page]:
        """Every page of the file: those that the newest meta page reaches, by kind, then the unused ones."""
        older, newest = self.metas
        meaning = ((0, HEADER_BYTES + META_BYTES),)
        yield Page(Kind.META_OLDER, older.number, meaning)
        yield Page(Kind.META_NEWEST, newest.number, meaning)
        reached = {0, 1}
        for root, in_free_list in ((newest.free_root, True), (newest.main_root, False)):
            for page, count in self._below(root, in_free_list=in_free_list):
                reached.update(range(page.number, page.number + count))
                yield page
        for number in range(min(newest.last_page + 1, len(self.content) // PAGE_BYTES)):
            if number not in reached:
                yield Page(Kind.UNUSED, number, ((0, PAGE_BYTES),))

    def _below(self, root: int, *, in_free_list: bool) -> Iterator[tuple[Page, int]]:
        """The pages of one tree and of the trees and long values in it, each with how many pages it takes."""
        left = [] if root == NO_PAGE else [root]
        while left:
            number = left.pop()
            start = number * PAGE_BYTES
            _, _, flags, lower, upper = self._numbers("<QHHHH", start)
            if flags & OVERFLOW_FLAG:
                count = lower | upper << 16
                kind = Kind.FREE_LIST if in_free_list else Kind.OVERFLOW
                yield Page(kind, number, ((0, count * PAGE_BYTES),)), count
                continue
            if not flags & (BRANCH_FLAG | LEAF_FLAG):
                raise NotLmdbError(f"page {number} has flags {flags:x} and stands in a tree")
            kind = Kind.BRANCH if flags & BRANCH_FLAG else Kind.LEAF
            yield Page(Kind.FREE_LIST if in_free_list else kind, number, ((0, lower), (upper, PAGE_BYTES))), 1
            for pointer in range(start + HEADER_BYTES, start + lower, 2):
                left.extend(self._pointed(start + self._numbers("<H", pointer)[0], branch=bool(flags & BRANCH_FLAG)))

    def _pointed(self, node: int, *, branch: bool) -> list[int]:
        """The pages that a node points to: a branch's child, a long value, or the root of a tree in the tree."""
        low, high, flags, key_bytes = self._numbers("<HHHH", node)
        if branch:
            return [low | high << 16 | flags << 32]
        value = node + NODE_BYTES + key_bytes
        if flags & BIG_VALUE:
            return [self._numbers("<Q", value)[0]]
        if flags & SUB_TREE:
            root = self._numbers("<Q", value + 40)[0]
            return [] if root == NO_PAGE else [root]
        return []
