"""Messages as XML: looked through before they are parsed, checked by the schema that ISO publishes, written the same.

    bytes ──size, characters──▶ a first look without a tree: no DTD, no instructions, not deep, not many
          ──parse, schema of the version──▶ a tree whose form is right

A message that says DOCTYPE is refused at that word, so no entity is ever declared, let alone expanded or fetched. What
the product writes passes the same schema before anybody gets it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from sogdia.rails.reasons import MessageRefused, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

SPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
SCHEMAS: Final = Path(__file__).parent / "schemas"

BYTES_MAX: Final = 16 * 2**20
DEPTH_MAX: Final = 40
ELEMENTS_MAX: Final = 1_000_000
EXTRA: Final = "sogdia[iso20022]"


class LibraryMissingError(Exception):
    """The library that reads XML is not installed."""


class Part(NamedTuple):
    """An element of a message to be written: its name, its text or its parts, and its attributes."""

    name: str
    content: str | tuple[Part, ...]
    attributes: tuple[tuple[str, str], ...] = ()


def part(name: str, *content: str | Part | None, **attributes: str) -> Part | None:
    """Make an element from a text or from parts; what is None is left out, and so is an element of nothing."""
    given = [each for each in content if each is not None]
    if not given:
        return None
    if isinstance(given[0], str):
        return Part(name, given[0], tuple(attributes.items()))
    return Part(name, tuple(each for each in given if isinstance(each, Part)), tuple(attributes.items()))


def library() -> type[etree._Element]:
    """Say early, and in words, that the library is missing."""
    try:
        from lxml import etree  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise LibraryMissingError(f"Messages of ISO 20022 need lxml: pip install '{EXTRA}'.") from error
    return etree._Element  # noqa: SLF001 - the library's name for an element


# ------------------------------------------------------------------------------------------------------------- reading


def read(raw: bytes, kind: str) -> etree._Element:
    """Read a message of a kind, such as pain.001.001.09; gives the element below Document.

    Raises `MessageRefused` with FF01, or with RR10 when the characters are not UTF-8.
    """
    library()
    _check_characters(raw)
    found = _look_through(raw)
    if found != SPACE + kind:
        told = found.removeprefix(SPACE)
        raise MessageRefused(Reason.FF01, f"This is {told or 'no message of ISO 20022'}; {kind} is understood here.")
    root = _parse(raw)
    _check_schema(root, kind)
    return root[0]


def kind_of(raw: bytes) -> str:
    """Say which kind of message it is, such as camt.054.001.08, or nothing; raises `MessageRefused` as `read` does."""
    _check_characters(raw)
    return _look_through(raw).removeprefix(SPACE)


def children(element: etree._Element, *path: str) -> list[etree._Element]:
    """Give all elements at a path below another, by their names without the namespace."""
    found = [element]
    for name in path:
        found = [each for above in found for each in above.iterchildren(f"{{{_space_of(above)}}}{name}")]
    return found


def text(element: etree._Element, *path: str) -> str | None:
    """Give the text at a path, without the blanks around it; nothing when it is not there."""
    found = children(element, *path)
    return (found[0].text or "").strip() if found else None


def _space_of(element: etree._Element) -> str:
    return str(element.tag).partition("}")[0].lstrip("{")


def _check_characters(raw: bytes) -> None:
    if len(raw) > BYTES_MAX:
        raise MessageRefused(
            Reason.FF01, f"The message has more than {BYTES_MAX} bytes, and no more are read. Split it."
        )
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageRefused(Reason.RR10, f"Byte {error.start} is not UTF-8. Write the message as UTF-8.") from error


class _Look:
    """What is known of a message while it is looked through."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0
        self.space: str | None = None

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.space is None:
            space, _, local = name.rpartition(" ")
            self.space = space if local == "Document" else ""
        if self.depth > DEPTH_MAX or self.elements > ELEMENTS_MAX:
            raise MessageRefused(
                Reason.FF01,
                f"Elements stand more than {DEPTH_MAX} deep, or there are more than {ELEMENTS_MAX}. Split the message.",
            )

    def end(self, _name: str) -> None:
        self.depth -= 1

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() != "utf-8":
            raise MessageRefused(Reason.RR10, f"The message says that it is {encoding}. Write it as UTF-8.")

    def doctype(self, *_what: object) -> None:
        raise MessageRefused(Reason.FF01, "A message has no DOCTYPE and no entities of its own. Leave them out.")

    def instruction(self, *_what: object) -> None:
        raise MessageRefused(Reason.FF01, "A message has no processing instructions. Leave them out.")


def _look_through(raw: bytes) -> str:
    """Look through a message without making anything of it; gives the namespace of its Document."""
    look = _Look()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = look.begin
    parser.EndElementHandler = look.end
    parser.XmlDeclHandler = look.declared
    parser.StartDoctypeDeclHandler = look.doctype
    parser.ProcessingInstructionHandler = look.instruction
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - the library's own argument: this is all of it
    except expat.ExpatError as error:
        raise MessageRefused(Reason.FF01, f"This is no XML: {error}.") from error
    return look.space or ""


def _parse(raw: bytes) -> etree._Element:
    from lxml import etree  # noqa: PLC0415 - an extra, and slow to import

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise MessageRefused(Reason.FF01, f"This is no XML: {error}.") from error


@cache
def _schema(kind: str) -> etree.XMLSchema:
    from lxml import etree  # noqa: PLC0415 - an extra, and slow to import

    return etree.XMLSchema(etree.parse(SCHEMAS / f"{kind}.xsd", etree.XMLParser(no_network=True, load_dtd=False)))


def _check_schema(root: etree._Element, kind: str) -> None:
    schema = _schema(kind)
    if not schema.validate(root):
        first = schema.error_log[0]
        told = str(first.message).replace(f"{{{SPACE}{kind}}}", "")
        raise MessageRefused(Reason.FF01, f"Line {first.line} is not as {kind} asks: {told}")


# ------------------------------------------------------------------------------------------------------------- writing


class NotByTheSchemaError(Exception):
    """A message of ours that its schema refuses: a fault of this program. It is not given out."""


def write(kind: str, body: Part | None) -> bytes:
    """Write a message of a kind; what stands below Document is `body`. Raises when the schema refuses it."""
    library()
    from lxml import etree  # noqa: PLC0415 - an extra, and slow to import

    space = SPACE + kind
    root = etree.Element(f"{{{space}}}Document", nsmap={None: space})
    if body is not None:
        _append(root, body, space)
    try:
        _check_schema(root, kind)
    except MessageRefused as refused:
        raise NotByTheSchemaError(f"{kind}: {refused.sentence}") from refused
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append(above: etree._Element, what: Part, space: str) -> None:
    from lxml import etree  # noqa: PLC0415 - an extra, and slow to import

    element = etree.SubElement(above, f"{{{space}}}{what.name}", dict(what.attributes))
    if isinstance(what.content, str):
        element.text = what.content
        return
    for each in what.content:
        _append(element, each, space)


def kinds() -> Iterator[str]:
    """Name the kinds of messages that are understood or written here."""
    return (each.stem for each in sorted(SCHEMAS.glob("*.xsd")))
