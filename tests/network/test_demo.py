"""The main job on four organisations, as `make network-demo ONCE=1` plays it: with a loss of power in the middle."""

import pytest

from sogdia.demo import network_play
from sogdia.network.engine_program import VARIABLE
from tests.ports import free_ports


@pytest.mark.slow
def test_the_story_is_told_on_four_organisations_of_which_one_loses_its_power(tmp_path, engine, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(engine))
    monkeypatch.setattr(network_play, "PORT", free_ports(4)[0])
    monkeypatch.setattr("signal.signal", lambda *_what: None)
    told: list[str] = []

    network_play.play(told.append, once=True, folder=tmp_path)

    words = "\n".join(told)
    assert "ke-customs loses its power" in words
    assert "nothing made, nothing lost" in words
    assert "proof of the order's whole life" in words
    assert "all four have the same state" in words
