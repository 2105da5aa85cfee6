"""Where settings come from: command line before environment before file before default; and what is wrong with them."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from sogdia.settings.sections import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIX = "SOGDIA_"
FILE_BYTES_MAX = 1 << 20
_TABLE = re.compile(r"\s*\[\s*\"?([A-Za-z0-9_-]+)\"?\s*\]")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*(?:\.\s*\"?([A-Za-z0-9_-]+)\"?\s*)?=")

SECTIONS: dict[str, type[msgspec.Struct]] = {field.name: field.type for field in msgspec.structs.fields(Settings)}
FIELDS: dict[str, msgspec.structs.FieldInfo] = {
    f"{section}.{field.name}": field for section, struct in SECTIONS.items() for field in msgspec.structs.fields(struct)
}
VARIABLES = {f"{PREFIX}{key.replace('.', '_').upper()}": key for key in FIELDS}


Said: TypeAlias = "str | tuple[str, ...] | None"
"""What the command line says of a setting: nothing, a value, or the values of a list."""


class Fault(NamedTuple):
    """What is wrong with one setting: where it stands, which it is, why, and the way out."""

    where: str
    key: str
    message: str
    way_out: str


class SettingsWrong(Exception):  # noqa: N818 - reads as what it says
    """Settings that cannot be used; holds every fault that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep all faults, so that they can be mended in one go."""
        super().__init__("; ".join(f"{each.where}: {each.message}" for each in faults))
        self.faults = faults


class Gathered(NamedTuple):
    """Settings, and where each that is not a default comes from."""

    settings: Settings
    origins: dict[str, str]


class _Given(NamedTuple):
    """One value as it was given; the environment and the command line give texts only."""

    value: Any
    where: str
    is_text: bool


def gather(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    command_line: Mapping[str, Said] | None = None,
) -> Gathered:
    """Put the settings together; raises `SettingsWrong` with every fault of every source."""
    faults: list[Fault] = []
    given: dict[str, _Given] = {}
    if file is not None:
        given |= _of_file(file, faults)
    given |= _of_environment(environment or {}, faults)
    for key, value in (command_line or {}).items():
        if value is not None:
            given[key] = _Given(value, "command line", is_text=True)
    values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for key, each in given.items():
        section, _, name = key.partition(".")
        try:
            values[section][name] = _convert(each, FIELDS[key])
        except msgspec.ValidationError as error:
            faults.append(Fault(each.where, key, f"{key} {_shown(each.value)}: {error}", _way_out(key)))
    if not faults:
        settings = msgspec.convert(values, Settings)
        faults = _across(settings, given)
        if not faults:
            return Gathered(settings, {key: each.where for key, each in given.items()})
    raise SettingsWrong(sorted(faults, key=_place_in_order))


def _place_in_order(fault: Fault) -> tuple[str, int, str]:
    source, _, line = fault.where.rpartition(":")
    return (source, int(line), fault.key) if line.isdecimal() else (fault.where, 0, fault.key)


def _convert(given: _Given, field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - any setting's type
    """Give the typed value; a text from outside the file may be a number, a truth value, or a list."""
    value = given.value
    if isinstance(value, str) and given.is_text and isinstance(_shape_of(field), msgspec.inspect.VarTupleType):
        value = value.replace(",", " ").split()
    return msgspec.convert(value, field.type, strict=not given.is_text)


def _shape_of(field: msgspec.structs.FieldInfo) -> msgspec.inspect.Type:
    shape = msgspec.inspect.type_info(field.type)
    return shape.type if isinstance(shape, msgspec.inspect.Metadata) else shape


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004 - a line's worth


# ------------------------------------------------------------------------------------------------------------ sources


def _of_file(file: Path, faults: list[Fault]) -> dict[str, _Given]:
    """Read a TOML file."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
        if len(raw) > FILE_BYTES_MAX:
            faults.append(
                Fault(str(file), "", f"the file has more than {FILE_BYTES_MAX} bytes", "Choose another file.")
            )
            return {}
        text = raw.decode("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        faults.append(Fault(str(file), "", f"cannot be read: {error.strerror}", "Compare the path and its rights."))
        return {}
    except UnicodeDecodeError as error:
        faults.append(Fault(str(file), "", f"is not UTF-8 at byte {error.start}", "Save it as UTF-8."))
        return {}
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{file}:{line.group(1)}" if line else str(file)
        faults.append(Fault(where, "", f"is no TOML: {error}", 'Texts stand in quotes: level = "info".'))
        return {}
    lines = _lines_of(text)
    given: dict[str, _Given] = {}
    for section, entries in document.items():
        where = f"{file}:{lines.get(section, lines.get(f'{section}.', 1))}"
        if section not in SECTIONS:
            faults.append(Fault(where, section, f"there is no section {section!r}", _nearest(section, SECTIONS)))
        elif not isinstance(entries, dict):
            faults.append(Fault(where, section, f"{section} is a section, not a value", f"Write [{section}]."))
        else:
            for name, value in entries.items():
                key = f"{section}.{name}"
                place = f"{file}:{lines.get(key, 1)}"
                if key in FIELDS:
                    given[key] = _Given(value, place, is_text=False)
                else:
                    faults.append(Fault(place, key, f"there is no setting {key!r}", _nearest(key, FIELDS)))
    return given


def _lines_of(text: str) -> dict[str, int]:
    """Find the line of every section and setting, for messages; a line in a long text may be taken for one."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            section = table.group(1)
            found.setdefault(section, number)
        elif key := _KEY.match(line):
            name = ".".join(part for part in (section, *key.groups()) if part)
            found.setdefault(name, number)
            found.setdefault(f"{name.split('.', 1)[0]}.", number)
    return found


def _of_environment(environment: Mapping[str, str], faults: list[Fault]) -> dict[str, _Given]:
    """Take what begins with the prefix and a section's name; other variables of ours are no settings."""
    given: dict[str, _Given] = {}
    begins = tuple(f"{PREFIX}{section.upper()}_" for section in SECTIONS)
    for variable, value in sorted(environment.items()):
        if variable in VARIABLES:
            given[VARIABLES[variable]] = _Given(value, f"environment {variable}", is_text=True)
        elif variable.startswith(begins):
            where = f"environment {variable}"
            faults.append(Fault(where, variable, f"there is no setting {variable}", _nearest(variable, VARIABLES)))
    return given


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, list(known), 1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."


# -------------------------------------------------------------------------------------------------------------- rules


def bounds(key: str) -> str:
    """Say what a setting takes."""
    match _shape_of(FIELDS[key]):
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.VarTupleType(max_length=most):
            return f"a list of at most {most} texts"
    return "a text"


def _way_out(key: str) -> str:
    return f"Give {bounds(key)}. {description(key)}"


def description(key: str) -> str:
    """Say what a setting is for."""
    shape = FIELDS[key].type
    told = [each.description for each in getattr(shape, "__metadata__", ()) if each.description]
    return str(told[-1]) if told else ""


def _across(settings: Settings, given: Mapping[str, _Given]) -> list[Fault]:
    """Check what no single setting shows."""
    notices = settings.notices
    rules = (
        ("notices.smtp_user", bool(notices.smtp_user) and not notices.smtp_password_file,
         "a user at the mail server needs a password", "Set notices.smtp_password_file."),
        ("notices.smtp_host", bool(notices.smtp_host) and "@" not in notices.mail_from,
         "mail needs a sender", 'Set notices.mail_from, such as "notices@example.org".'),
        ("notices.smtp_user", bool(notices.smtp_user) and notices.smtp_security == "none",
         "a password would go over the wire in the clear", 'Set notices.smtp_security to "starttls" or "tls".'),
        ("notices.sms_secret_file", not notices.sms_secret_file and "{secret}" in (
            notices.sms_url + notices.sms_body + notices.sms_authorization),
         "the SMS request names {secret}, and there is none", "Set notices.sms_secret_file."),
    )  # fmt: skip
    return [
        Fault(given[key].where if key in given else "default", key, message, way_out)
        for key, wrong, message, way_out in rules
        if wrong
    ]


def value_of(settings: Settings, key: str) -> Any:  # noqa: ANN401 - any setting's type
    """Give one setting."""
    section, _, name = key.partition(".")
    return getattr(getattr(settings, section), name)
