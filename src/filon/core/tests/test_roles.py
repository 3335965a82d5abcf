"""Roles in words: what each may do, what is missing, and why a manager without a team sees little."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from filon.core import access, audit
from filon.core.access import ALL_PERMISSIONS, Actor
from filon.core.models import Team
from filon.core.models.users import Role
from filon.kit.errors import Refused

pytestmark = pytest.mark.django_db
NO_TEAM = "Vous êtes manager sans équipe"


@pytest.mark.parametrize("permission", sorted(ALL_PERMISSIONS))
def test_a_refusal_names_the_missing_right_in_words(permission: str) -> None:
    with pytest.raises(Refused) as refused:
        Actor("user").require(permission)
    assert permission == "export" or permission not in refused.value.message


def test_the_role_picker_says_what_each_role_sees_and_does(signed_in_client: Callable[..., Client]) -> None:
    page = signed_in_client("admin").get("/settings/users/new").content.decode()
    assert page.count('type="radio" name="role"') == len(Role)
    assert "Comme un SDR, et travaille sur les opportunités." in page


def test_a_manager_without_a_team_reads_why_lists_are_short(signed_in_client: Callable[..., Client], at) -> None:
    team = Team.objects.create(name="North", name_folded="north", created_at=at)
    assert NO_TEAM in signed_in_client("manager").get("/people").content.decode()
    assert NO_TEAM not in signed_in_client("manager", team=team).get("/people").content.decode()
    assert NO_TEAM not in signed_in_client("sdr").get("/people").content.decode()
    assert not access.SYSTEM.lacks_team


def test_the_audit_log_is_in_words(signed_in_client: Callable[..., Client], at) -> None:
    audit.append("exported", by=access.SYSTEM, at=at, of="leads", rows=12, segment="")
    audit.append("user_created", by=access.SYSTEM, at=at, user_id=0, role="admin")
    audit.append("user_changed", by=access.SYSTEM, at=at, user_id=0, changes={"is_active": [True, False]})
    page = signed_in_client("admin").get("/settings/audit").content.decode()
    for words in ("Données exportées", "Fiches : leads", "Rôle : Administrateur", "Peut se connecter : oui → non"):
        assert words in page
