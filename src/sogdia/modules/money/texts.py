"""Free text that stands on the ledger: references and reasons."""

from __future__ import annotations

from sogdia.kernel.refusal import require
from sogdia.kernel.text import text_problem
from sogdia.modules.money.refusals import MoneyRefusal as Refuse


def check_text(text: str) -> None:
    """Refuse a text that could deceive its reader."""
    problem = text_problem(text)
    require(problem is None, Refuse.TEXT_NOT_ALLOWED, problem=0 if problem is None else int(problem))
