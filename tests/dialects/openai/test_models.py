"""The list of models in OpenAI's shape."""

from inline_snapshot import snapshot

from rhapsode.dialects.openai.models import write_model, write_models


def test_every_name_is_listed_once() -> None:
    assert write_models(["a", "b/c", "a"], created=1700000000).decode() == snapshot(
        '{"object":"list","data":[{"id":"a","object":"model","created":1700000000,"owned_by":"rhapsode"},{"id":"b/c","object":"model","created":1700000000,"owned_by":"rhapsode"}]}'
    )


def test_one_model() -> None:
    assert write_model("ft:a_1:x", created=1700000000).decode() == snapshot(
        '{"id":"ft:a_1:x","object":"model","created":1700000000,"owned_by":"rhapsode"}'
    )
