"""Frames: whole ones are taken, parts wait, and what cannot be one ends the connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.client import questions
from sogdia.engine.serving import frames, server


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(min_value=1, max_value=17))
def test_frames_come_out_whole_however_they_arrive(contents, step):
    stream = b"".join(len(each).to_bytes(4, "big") + each for each in contents)
    left = b""
    found = []

    for at in range(0, len(stream), step):
        whole, left = frames.split(left + stream[at : at + step])
        found += whole

    assert found == contents
    assert left == b""


def test_a_frame_that_announces_too_much_is_refused():
    with pytest.raises(frames.FrameWrongError):
        frames.split((frames.FRAME_BYTES_MAX + 1).to_bytes(4, "big"))


def test_the_client_and_the_node_mean_the_same():
    assert {each.name: each.value for each in questions.Status} == {each.name: each.value for each in frames.Status}
    assert (questions.SOCKET, questions.POINTER) == (server.SOCKET, server.POINTER)
    assert frames.decode_request(questions.frame(3, "block", 7)[4:]) == (3, "block", 7)
