"""Secrets at rest: sealed, rotated, and named when they cannot be opened."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from channels_app.models import base
from connector_platform.core.crypto import SecretBox, SecretUnreadable

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.mark.parametrize("value", ["secret", {"a": [1, None, "é"]}, "", None, 0])
def test_what_is_sealed_opens_again_and_cannot_be_read(value: Any) -> None:
    sealed = SecretBox([NEW]).seal(value)
    assert SecretBox([NEW]).open(sealed) == value
    assert b"secret" not in sealed
    assert SecretBox([NEW]).seal(value) != sealed


def test_any_of_the_keys_opens_and_the_first_seals() -> None:
    sealed = SecretBox([OLD]).seal("x")
    both = SecretBox([NEW, OLD])
    assert both.open(sealed) == "x"
    assert SecretBox([NEW]).open(both.seal("y")) == "y"
    assert SecretBox([NEW]).open(both.rotate(sealed)) == "x"


def test_a_secret_of_another_key_says_what_to_do_and_nothing_else() -> None:
    with pytest.raises(SecretUnreadable, match="put the key it was sealed with back"):
        SecretBox([NEW]).open(SecretBox([OLD]).seal("x"))
    with pytest.raises(SecretUnreadable):
        SecretBox([NEW]).open(b"no token at all")


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "not a key"]])
def test_keys_that_are_none_are_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        SecretBox(keys)


@pytest.mark.django_db(transaction=True)
def test_rotate_secrets_seals_everything_with_the_first_key(hot: None, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import call_command

    from channels_app.selectors import configs
    from tests.webhooks_app.world import World

    # given: everything that holds a secret, sealed with the old key
    settings.ENCRYPTION_KEYS = [OLD]
    base.secret_box.cache_clear()
    try:
        world = World()
        world.app.previous_client_secret = "the one before"
        world.app.save()
        world.open_conversation()
        # when
        settings.ENCRYPTION_KEYS = [NEW, OLD]
        base.secret_box.cache_clear()
        call_command("rotate_secrets")
        # then: the old key may go
        settings.ENCRYPTION_KEYS = [NEW]
        base.secret_box.cache_clear()
        configs.forget()
        app, channel = configs.liveperson_app(world.app.id), configs.channel(world.channel.id)
        assert app is not None
        assert channel is not None
        assert app.config.previous_client_secret == "the one before"
        assert channel.app is not None
        world.consumer_says("after the rotation")
        world.work(world.new_engine())
        assert world.far.texts() == ["after the rotation"]
        assert "channels_app_consumer.liveperson_jws: 1" in capsys.readouterr().out
    finally:
        base.secret_box.cache_clear()
