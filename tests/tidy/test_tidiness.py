"""The repository is as tidy as STYLE.md says. Each check is first shown a sample that it must complain of."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.tidy import repository, tidiness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock")
LONG_FUNCTION = "def f():\n" + "    go()\n" * 70
LONG_FILE = "go()\n" * 501
LEFTOVER = "go()  # TO" + "DO: and then?\n"
OTHER_LEFTOVER = "FIX" + "ME later\n"


def complaints(paths: Iterable[Path], check: Callable[[str], list[tuple[int, str]]]) -> list[str]:
    return [repository.complaint(path, *fault) for path in paths for fault in check(path.read_text("utf-8"))]


def version() -> str:
    return str(tomllib.loads((repository.ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def module_folders() -> list[Path]:
    return sorted({path.parent for path in (repository.SOURCE / "modules").glob("*/*.py")})


def test_every_function_fits_on_a_screen():
    assert tidiness.long_functions(LONG_FUNCTION) != []
    assert tidiness.long_functions(LONG_FUNCTION.removesuffix("    go()\n")) == []

    assert complaints(repository.python_files(), tidiness.long_functions) == []


def test_every_file_is_read_to_its_end():
    assert tidiness.too_many_lines(LONG_FILE) != []
    assert tidiness.too_many_lines(LONG_FILE.removesuffix("go()\n")) == []

    assert complaints(repository.python_files(), tidiness.too_many_lines) == []


def test_everything_public_says_what_it_is():
    assert tidiness.missing_docstrings("x = 1") != []
    assert tidiness.missing_docstrings('"""A file."""\nclass Order:\n    pass') != []
    assert tidiness.missing_docstrings('"""A file."""\ndef accept():\n    pass') != []
    assert tidiness.missing_docstrings('"""A file."""\nclass Order:\n    """An order."""\n    def f(self): pass') != []
    assert tidiness.missing_docstrings('"""A file."""\ndef _accept():\n    pass') == []

    product = [path for path in repository.python_files() if repository.SOURCE in path.parents]
    assert complaints(product, tidiness.missing_docstrings) == []


@pytest.mark.parametrize("name", ["src/utils.py", "src/helpers/money.py", "src/money/manager.py"])
def test_a_name_that_says_nothing_is_noticed(name):
    assert tidiness.names_that_say_nothing(repository.ROOT / name) != []


def test_every_file_is_named_after_what_it_holds():
    found = [
        repository.complaint(path, *fault)
        for path in repository.python_files()
        for fault in tidiness.names_that_say_nothing(path.relative_to(repository.ROOT))
    ]

    assert found == []


def test_nothing_is_left_half_done():
    assert tidiness.unfinished_words(LEFTOVER) != []
    assert tidiness.unfinished_words(OTHER_LEFTOVER) != []

    assert complaints(repository.text_files(), tidiness.unfinished_words) == []


def test_every_page_has_one_title():
    assert tidiness.title_faults("Words without a title\n") != []
    assert tidiness.title_faults("# One\n\n# Two\n") != []
    assert tidiness.title_faults("Words\n\n# One\n") != []
    assert tidiness.title_faults("# One\n\n```sh\n# a comment\n```\n\n## Part\n") == []

    assert complaints(repository.markdown_files(), tidiness.title_faults) == []


def test_no_lock_file_names_a_place_to_download_from():
    assert tidiness.addresses("--index-url https://index.example/simple\n") != []
    assert tidiness.addresses("git+ssh://code.example/x\n") != []

    locks = [repository.ROOT / name for name in LOCKS]
    assert complaints(locks, tidiness.addresses) == []


def test_every_locked_package_has_its_version_and_its_hash():
    assert tidiness.unhashed_packages("click==8.5.1\n") != []
    assert tidiness.unhashed_packages("click>=8 \\\n    --hash=sha256:00\n") != []
    assert tidiness.unhashed_packages("click==8.5.1 \\\n    --hash=sha256:00\n    # via sogdia\n") == []

    locks = [repository.ROOT / name for name in LOCKS]
    assert complaints(locks, tidiness.unhashed_packages) == []


def test_every_trade_module_has_its_page_and_its_declaration(tmp_path):
    assert tidiness.module_folder_faults(tmp_path) != []

    folders = module_folders()
    faults = [
        repository.complaint(folder, *fault) for folder in folders for fault in tidiness.module_folder_faults(folder)
    ]
    assert folders != []
    assert faults == []


def test_the_changelog_tells_of_this_version():
    assert tidiness.changelog_faults("# Changes\n\n## 0.0.9\n", "0.1.0") != []
    assert tidiness.changelog_faults("# Changes\n\n## 0.1.0\n\n## 0.1.0\n", "0.1.0") != []

    changelog = (repository.ROOT / "CHANGELOG.md").read_text("utf-8")
    assert tidiness.changelog_faults(changelog, version()) == []


def test_every_term_is_explained_once_in_one_line_and_in_order():
    assert tidiness.glossary_faults("* **order**: one.\n* **Order**: two.\n") != []
    assert tidiness.glossary_faults("* order: no term.\n") != []
    assert tidiness.glossary_faults("* **b**: two.\n* **a**: one.\n") != []
    assert tidiness.glossary_faults("## A\n* **b**: two.\n## B\n* **a**: one.\n") == []
    assert tidiness.glossary_faults("* **order**: one,\n  and more.\n") != []

    assert complaints([repository.ROOT / "GLOSSARY.md"], tidiness.glossary_faults) == []
