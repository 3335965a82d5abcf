"""People for tests: a moment, an administrator, colleagues by role, and browsers they are signed in with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from django.test import Client

from filon.core import access
from filon.core.access import Actor
from filon.core.models import User
from filon.kit.text import fold

PASSWORD = "correct cheval pile agrafe"
_numbers = count(1)


@pytest.fixture
def at() -> datetime:
    """Monday 2 March 2026, 9:00 in Paris."""
    return datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def admin() -> Actor:
    """An administrator who acts, without a row in the database."""
    return Actor("user", None, "Ada", "admin", None, access.ALL_PERMISSIONS)


@pytest.fixture
def make_user(at: datetime) -> Callable[..., User]:
    """`make_user("sdr", name="Léa")`: a colleague. `password=True` lets them sign in (slow by design)."""

    def make(role: str = "sdr", *, name: str = "", email: str = "", password: bool = False, **more: object) -> User:
        number = next(_numbers)
        name = name or f"{role.capitalize()} {number}"
        user = User(
            name=name,
            name_folded=fold(name),
            email=email or f"{role}{number}@filon.test",
            role=role,
            created_at=at,
            **more,
        )
        if password:
            user.set_password(PASSWORD)
        else:
            user.set_unusable_password()
        user.save()
        return user

    return make


@pytest.fixture
def signed_in_client(make_user: Callable[..., User]) -> Callable[..., Client]:
    """`signed_in_client("marketing")`: a browser where such a colleague is signed in; `.user` is who."""

    def sign_in(role: str = "admin", **more: object) -> Client:
        user = make_user(role, **more)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        client.user = user  # type: ignore[attr-defined]
        return client

    return sign_in


@pytest.fixture
def shared_data() -> Path:
    """The folder of real public data beside the repository; the test is skipped without it."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets are not here (../shared/data)")
    return folder
