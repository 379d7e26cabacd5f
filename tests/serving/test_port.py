"""A port that is taken."""

from __future__ import annotations

import socket

import pytest

from sadari.serving.run import ServeError, check_free


def test_a_port_that_is_taken_is_said_before_anything_is_announced() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServeError, match=f"{port}: nothing can listen here: .*--port"):
            check_free("127.0.0.1", port)
    check_free("127.0.0.1", port)
