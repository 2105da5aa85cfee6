"""Writes the JavaScript modules in one small file each, and two pages with what they need: for proofs, for vouchers.

    python -m tools.javascript_bundle            write sogdia.min.js, sogdia-light.min.js, check-voucher.html,
                                                 each also for the explorer, and check-proof.html
    python -m tools.javascript_bundle --check    say which of them are not what this version would write

The second file is the light client alone: it takes what it shares with the first from there, so that nothing is
loaded twice. What it takes stands among the first one's exports.

The modules are put one behind another, without comments and without white space that means nothing. Names stay as they
are, so that the file can be compared with its sources by anyone. It understands the sources of this project, which a
formatter has laid out and in which no two files use one name for two things; it is no JavaScript compiler.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "clients" / "javascript"
SOURCES = FOLDER / "src"
BUNDLE = FOLDER / "sogdia.min.js"
LIGHT_BUNDLE = FOLDER / "sogdia-light.min.js"
EXPLORER = FOLDER.parent.parent / "src" / "sogdia" / "web" / "explorer" / "assets"
PAGE = FOLDER / "check-proof.html"
VOUCHER_PAGE = FOLDER / "check-voucher.html"
ENTRY = "sogdia.js"
LIGHT_ENTRY = "sogdia-light.js"
PAGE_ENTRIES = ("proofs.js", "receipts.js")
VOUCHER_ENTRY = "sogdia-vouchers.js"
COMPRESSED_BYTES_MAX = 12_000
PAGE_BYTES_MAX = 13_000
VOUCHER_PAGE_BYTES_MAX = 25_000
LIGHT_BYTES_MAX = 5_000
HEAD = "// Sogdia's JavaScript client. Apache-2.0. Made by `python -m tools.javascript_bundle`; edit src.\n"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z0-9-]+\.js)";\n', re.MULTILINE)
_EXPORT_FROM = re.compile(r'^export \{([^}]*)\} from "\./([a-z0-9-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|async|class)", re.MULTILINE)
_TOKEN = re.compile(
    r"""(?P<space>\s+|/\*.*?\*/|//[^\n]*)
    |(?P<whole>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)
    |(?P<pattern>(?<=[(,=!]\ |.[(,=!])/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    |(?P<word>[\w$]+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)


def sources(entry: str = ENTRY) -> list[str]:
    """Give the names of the modules that an entry needs, each behind those that it imports."""
    ordered: list[str] = []

    def add(name: str) -> None:
        text = (SOURCES / name).read_text("utf-8")
        for _names, needed in [*_IMPORT.findall(text), *_EXPORT_FROM.findall(text)]:
            if needed not in ordered:
                add(needed)
        ordered.append(name)

    add(entry)
    return ordered


def squeezed(text: str) -> str:
    """Leave out comments, commas behind the last part of a list, and white space except between two words."""
    made = ""
    apart = False
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "space":
            apart = True
            continue
        found = token.group()
        if found in (")", "]", "}") and made.endswith(","):
            made = made[:-1]
        words = re.fullmatch(r"[\w$]{2}", made[-1:] + found[0]) is not None
        signs = made[-1:] == found[0] and found[0] in "+-"
        made += (" " if apart and (words or signs) else "") + found
        apart = False
    return made


def joined(entry: str = ENTRY, *more: str, without: str | None = None) -> tuple[str, set[str]]:
    """Give all modules of the entries as one text, without those of another entry, and the names that they offer."""
    exported: set[str] = set()
    left_out = [] if without is None else sources(without)
    made = ""
    for name in dict.fromkeys(each for one in (entry, *more) for each in sources(one) if each not in left_out):
        text = (SOURCES / name).read_text("utf-8")
        exported |= {each for names, _source in _EXPORT_FROM.findall(text) for each in re.findall(r"\w+", names)}
        made += _EXPORT.sub("", _EXPORT_FROM.sub("", _IMPORT.sub("", text)))
    return squeezed(made), exported


def shared() -> set[str]:
    """Give the names that the light client takes from the modules of the first file."""
    first = sources(ENTRY)
    own = [name for name in sources(LIGHT_ENTRY) if name not in first]
    imports = [each for name in own for each in _IMPORT.findall((SOURCES / name).read_text("utf-8"))]
    return {each for names, source in imports if source in first for each in re.findall(r"\w+", names)}


def bundle() -> str:
    """Make the module in one file."""
    made, exported = joined()
    return f"{HEAD}{made}export{{{','.join(sorted(exported | shared()))}}};\n"


def light_bundle() -> str:
    """Make the light client in one file, beside the first."""
    made, exported = joined(LIGHT_ENTRY, without=ENTRY)
    taken, offered = (",".join(sorted(names)) for names in (shared(), exported))
    return f'{HEAD}import{{{taken}}}from"./{BUNDLE.name}";{made}export{{{offered}}};\n'


def page(name: str = PAGE.name, *entries: str) -> str:
    """Make a page with what it needs of the module inside, so that it works from a disk and without a network."""
    made, _exported = joined(*(entries or PAGE_ENTRIES))
    before, _import, after = re.split(r"(    import [^;]*;\n)", (FOLDER / "page" / name).read_text("utf-8"))
    script, rest = after.split("  </script>")
    # The braces keep the page's own names apart from those of the module.
    return f"{before}{HEAD}{made}\n{{{script}}}\n  </script>{rest}"


def build() -> dict[Path, str]:
    """Make all files anew."""
    files = {BUNDLE: bundle(), LIGHT_BUNDLE: light_bundle(), PAGE: page()}
    files[VOUCHER_PAGE] = page(VOUCHER_PAGE.name, VOUCHER_ENTRY)
    return files | {EXPLORER / each.name: files[each] for each in (BUNDLE, LIGHT_BUNDLE, VOUCHER_PAGE)}


def compressed_bytes(text: str) -> int:
    """Give how many bytes travel when a server compresses the file as well as gzip can."""
    return len(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def main(arguments: list[str]) -> int:
    """Write the files, or say which of them are not up to date."""
    stale = {path: text for path, text in build().items() if not path.is_file() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if "--check" in arguments:
            print(f"{path.name} is not what `python -m tools.javascript_bundle` writes")
        else:
            path.write_text(text, "utf-8")
            print(f"wrote {path.name}: {len(text)} characters, {compressed_bytes(text)} bytes compressed")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
