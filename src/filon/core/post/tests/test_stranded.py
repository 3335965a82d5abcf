"""Letters that did not arrive are shown, and sent after all only by a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from filon.core.models import Letter
from filon.core.post import letters
from filon.core.post.letters import New


def strand(at: datetime, state: str, key: str) -> Letter:
    letters.write([New(key=key, to_email="claire@sogetrel.fr", subject=f"Lettre {key}", text="x", due_at=at)], at=at)
    Letter.objects.filter(key=key).update(state=state, settled_at=at, said="550 no such user")
    return Letter.objects.get(key=key)


def test_they_stand_on_the_health_page_until_somebody_sends_them(db: None, at: datetime, signed_in_client: Any) -> None:
    client = signed_in_client("ops")
    assert "pas arrivés" not in client.get("/health").content.decode()
    failed, uncertain = strand(at, "failed", "a"), strand(at, "uncertain", "b")
    sent = strand(at, "sent", "c")
    page = client.get("/health").content.decode()
    assert "Lettre a" in page
    assert "550 no such user" in page
    assert "Personne ne sait" in page
    assert "Lettre c" not in page
    client.post("/health/letters/send", {"ids": [failed.pk, uncertain.pk, sent.pk]})
    states = dict(Letter.objects.values_list("key", "state"))
    assert states == {"a": "waiting", "b": "waiting", "c": "sent"}
    assert signed_in_client("head").post("/health/letters/send", {"ids": [failed.pk]}).status_code == 403
