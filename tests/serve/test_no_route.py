"""Routes that are not there."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/responses", "/v1/chat/completions"),
        ("/v1/embedding", "/v1/embeddings"),
        ("/v1/chat", "/v1/chat/completions"),
        ("/v1/moderations", None),
        ("/v1/images/generations", None),
        ("/v1/audio/speech", None),
    ],
)
def test_a_route_that_is_not_there_names_a_near_one_or_none(client, path: str, named: str | None) -> None:
    answer = client.post(path, json={})
    message = answer.json()["error"]["message"]
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "E_ROUTE")
    assert ("Did you mean" in message) == (named is not None)
    assert named is None or f"Did you mean {named}?" in message
    assert ("images, video and sound" in message) == ("image" in path or "audio" in path)
