"""The guide for newcomers, followed literally: its commands are run as they stand, with the real curl and openssl."""

from __future__ import annotations

import pytest

from tests.followed_guide import follow

PROGRAMS = ("curl", "openssl", "xxd", "sh")


@pytest.mark.real("curl and openssl")
def test_a_newcomer_trades_with_curl_and_openssl(tmp_path):
    status, words = follow("http.md", tmp_path, PROGRAMS, "8080")

    assert status == 0, words[-3_000:]
    assert '"event":"OrderPlaced"' in words
    assert '"whole":false' in words
    assert "The proof is right." in words
