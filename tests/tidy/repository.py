"""The files of the repository, as the tidy tests look at them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "sogdia"
PURE_FOLDERS = ("kernel", "modules")
LEFT_BY_TOOLS = {".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "build"}
TEXT_SUFFIXES = {".py", ".md", ".toml", ".lock", ".sh", ".c", ".h", ".js"}
TEXT_NAMES = {"Makefile", "NOTICE", "run", ".gitignore"}


def files() -> list[Path]:
    """Give all files of the working copy that are, or could be, under version control."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False)
    if answer.returncode == 0:
        found = [ROOT / name.decode() for name in answer.stdout.split(b"\0") if name]
        return sorted(path for path in found if path.is_file())
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and LEFT_BY_TOOLS.isdisjoint(path.parts))


def python_files() -> list[Path]:
    """Give all Python files."""
    return [path for path in files() if path.suffix == ".py"]


def pure_files() -> list[Path]:
    """Give the files of the deciding code: the kernel and the modules."""
    folders = [SOURCE / name for name in PURE_FOLDERS]
    return [path for path in python_files() if any(folder in path.parents for folder in folders)]


def markdown_files() -> list[Path]:
    """Give all Markdown files."""
    return [path for path in files() if path.suffix == ".md"]


def text_files() -> list[Path]:
    """Give all files that people write by hand."""
    return [path for path in files() if path.suffix in TEXT_SUFFIXES or path.name in TEXT_NAMES]


def complaint(path: Path, line: int, words: str) -> str:
    """Say in one line what is wrong, and where; editors jump to places written like this."""
    return f"{path.relative_to(ROOT)}:{line}: {words}"
