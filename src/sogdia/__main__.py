"""`python -m sogdia` is `sogdia`."""

from __future__ import annotations

from sogdia.cli.main import main

main()
