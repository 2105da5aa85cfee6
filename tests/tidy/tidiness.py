"""What a file or folder of this repository must be like, as checkers that give complaints."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
NAMES_THAT_SAY_NOTHING = frozenset({"utils", "util", "helpers", "helper", "manager", "common", "misc"})
# Written in halves, so that this file passes its own check.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
CODE_FENCE = re.compile(r"^ {0,3}(```|~~~)")
MODULE_FOLDER_FILES = ("README.md", "module.py")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_functions(source: str) -> list[tuple[int, str]]:
    """Give the functions that don't fit on a screen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                found.append((node.lineno, f"{node.name} has {lines} lines; at most {FUNCTION_LINES_MAX} are read"))
    return found


def too_many_lines(source: str) -> list[tuple[int, str]]:
    """Complain of a file that nobody reads to its end."""
    lines = len(source.splitlines())
    return [(lines, f"{lines} lines; at most {FILE_LINES_MAX} are read")] if lines > FILE_LINES_MAX else []


def missing_docstrings(source: str) -> list[tuple[int, str]]:
    """Give the file, and its public classes and functions, that don't say what they are."""
    tree = ast.parse(source)
    silent = [node for node in _public_names(tree) if ast.get_docstring(node) is None]
    of_the_file = [] if ast.get_docstring(tree) else [(1, "the file doesn't say what it is")]
    return of_the_file + [(node.lineno, f"{node.name} doesn't say what it is") for node in silent]


def _public_names(owner: ast.Module | ast.ClassDef) -> list[ast.ClassDef | Function]:
    """Give the public classes and functions of a file or class, and those inside its classes."""
    named = [node for node in owner.body if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")]
    return named + [inner for node in named if isinstance(node, ast.ClassDef) for inner in _public_names(node)]


def names_that_say_nothing(path: Path) -> list[tuple[int, str]]:
    """Complain of a file or folder called after no thing of the trade."""
    bad = [part for part in (*path.parts[:-1], path.stem) if part in NAMES_THAT_SAY_NOTHING]
    return [(1, f"`{name}` says nothing; name it after what it holds") for name in bad]


def unfinished_words(text: str) -> list[tuple[int, str]]:
    """Give the notes that say that something is still to be done."""
    lines = enumerate(text.splitlines(), 1)
    return [(number, f"leftover {found.group()}") for number, line in lines if (found := UNFINISHED.search(line))]


def title_faults(markdown: str) -> list[tuple[int, str]]:
    """Complain of a page that doesn't have exactly one title, or doesn't begin with it."""
    titles = []
    first = 0
    fenced = False
    for number, line in enumerate(markdown.splitlines(), 1):
        if CODE_FENCE.match(line):
            fenced = not fenced
        elif not fenced and line.startswith("# "):
            titles.append(number)
        if line.strip() and not first:
            first = number
    if titles == [first]:
        return []
    return [((titles or [1])[-1], f"{len(titles)} titles at lines {titles}; a page begins with its one title")]


def addresses(lock: str) -> list[tuple[int, str]]:
    """Give the lines of a lock file that name a place to download from."""
    lines = enumerate(lock.lower().splitlines(), 1)
    return [(number, "names a download address") for number, line in lines if "://" in line]


def unhashed_packages(lock: str) -> list[tuple[int, str]]:
    """Give the packages in a lock file that stand without an exact version or without a hash."""
    lines = lock.replace("\\\n", " ").splitlines()
    entries = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    loose = [entry for entry in entries if not re.search(r"^\S+==\S+.* --hash=sha256:", entry)]
    return [(1, f"`{entry.split()[0]}` lacks its version or its hash") for entry in loose]


def module_folder_faults(folder: Path) -> list[tuple[int, str]]:
    """Give the files that a trade module's folder lacks."""
    return [(1, f"has no {name}") for name in MODULE_FOLDER_FILES if not (folder / name).is_file()]


def changelog_faults(changelog: str, version: str) -> list[tuple[int, str]]:
    """Complain when a version has no entry in the changelog, or several."""
    entries = Counter(re.findall(r"^## \[?(\d+\.\d+\.\d+)\b", changelog, re.MULTILINE))
    return [] if entries[version] == 1 else [(1, f"{entries[version]} entries for version {version}; one is needed")]


def glossary_faults(glossary: str) -> list[tuple[int, str]]:
    """Complain of a term that is explained twice, out of order, in no words, or on more than one line."""
    found = []
    before = ""
    terms: Counter[str] = Counter()
    for number, line in enumerate(glossary.splitlines(), 1):
        entry = re.match(r"^\* \*\*(.+?)\*\*: \S", line)
        if entry:
            term = entry.group(1).lower()
            terms[term] += 1
            if terms[term] > 1:
                found.append((number, f"{term} is explained twice"))
            elif term < before:
                found.append((number, f"{term} stands behind {before}; terms are in order of the alphabet"))
            before = term
        elif line.startswith("## "):
            before = ""
        elif line.startswith(("* ", "  ")):
            found.append((number, "an entry is one line: * **term**: its meaning"))
    return found
