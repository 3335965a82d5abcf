"""Getting in: sign-in, the first start, passwords, keys; and who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.urls import reverse

from filon.core import access, accounts, audit, keys
from filon.core.access import SYSTEM, Actor
from filon.core.models import ApiKey, AuditEntry, StartLink, Team, User
from filon.kit.errors import Kind, Refused
from tests.frame.people import PASSWORD

pytestmark = pytest.mark.django_db
MakeUser = Callable[..., User]
SignIn = Callable[..., Client]


def sign_in(client: Client, email: str, password: str, **more: str):
    return client.post("/sign-in", {"email": email, "password": password, **more})


def test_the_right_password_opens_the_page_one_wanted(make_user: MakeUser) -> None:
    user = make_user(password=True)
    client = Client()
    assert client.get("/account").url == "/sign-in?next=/account"
    answer = sign_in(client, user.email.upper(), PASSWORD, next="/account")
    assert (answer.status_code, answer.url) == (302, "/account")
    assert client.get("/account").status_code == 200
    assert AuditEntry.objects.get().kind == "signed_in"


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_sign_in_leads_nowhere_else(make_user: MakeUser, target: str) -> None:
    user = make_user(password=True)
    assert sign_in(Client(), user.email, PASSWORD, next=target).url == "/"


def test_a_wrong_password_an_unknown_and_an_inactive_user_get_the_same_words(make_user: MakeUser) -> None:
    known = make_user(password=True)
    left = make_user(password=True, is_active=False)
    imported = make_user()
    pages = [
        sign_in(Client(), known.email, "not the right one"),
        sign_in(Client(), "nobody@filon.test", PASSWORD),
        sign_in(Client(), left.email, PASSWORD),
        sign_in(Client(), imported.email, "!"),
    ]
    assert {page.status_code for page in pages} == {422}
    assert len({page.context["form"].non_field_errors()[0] for page in pages}) == 1
    assert AuditEntry.objects.filter(kind="sign_in_refused").count() == 4


def test_an_unknown_user_costs_as_many_password_hashes_as_a_known_one(
    make_user: MakeUser, monkeypatch, settings
) -> None:
    hashed: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self, password: str, salt: str, iterations: int | None = None) -> str:
        hashed.append(password)
        return encode(self, password, salt, iterations)

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    known = make_user(password=True)
    unusable = make_user()
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    counts = []
    for email in (known.email, "nobody@filon.test", unusable.email):
        hashed.clear()
        sign_in(Client(), email, "wrong and long enough")
        counts.append(len(hashed))
    assert counts == [1, 1, 1]


def test_tries_are_limited_per_account_and_a_success_forgives_them(make_user: MakeUser) -> None:
    user = make_user(password=True)
    for _ in range(accounts.TRIES_PER_ACCOUNT - 1):
        assert sign_in(Client(), user.email, "wrong").status_code == 422
    assert sign_in(Client(), user.email, PASSWORD).status_code == 302
    for _ in range(accounts.TRIES_PER_ACCOUNT):
        assert sign_in(Client(), user.email, "wrong").status_code == 422
    refused = sign_in(Client(), user.email, PASSWORD)
    assert refused.status_code == 429


def test_signing_out_ends_the_session_and_needs_a_post(signed_in_client: SignIn) -> None:
    client = signed_in_client()
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").url == "/sign-in"
    assert client.get("/account").status_code == 302


def test_the_start_link_makes_one_administrator_once(at: datetime) -> None:
    token = accounts.make_start_link(at=at)
    assert token not in StartLink.objects.get().token_hash
    given = {"name": "Ada Byron", "email": "Ada@filon.test", "password": PASSWORD}
    user = accounts.start_workspace(token, **given, at=at)
    assert (user.role, user.email) == ("admin", "ada@filon.test")
    with pytest.raises(Refused) as refused:
        accounts.start_workspace(token, **given | {"email": "eve@filon.test"}, at=at)
    assert refused.value.kind is Kind.NOT_FOUND
    assert User.objects.count() == 1


def test_the_start_page_signs_in_and_shows_the_choice_of_the_first_day() -> None:
    from django.utils import timezone

    token = accounts.make_start_link(at=timezone.now())
    client = Client()
    assert client.get(f"/start/{token}").status_code == 200
    given = {"name": "Ada", "email": "ada@filon.test", "password": PASSWORD}
    assert client.post(f"/start/{token}", given).url == "/welcome"
    assert client.get("/welcome").status_code == 200
    used = Client().get(f"/start/{token}")
    assert used.status_code == 404
    assert "Filon a déjà un administrateur" in used.content.decode()


def test_a_weak_password_does_not_use_the_start_link_up(at: datetime) -> None:
    token = accounts.make_start_link(at=at)
    with pytest.raises(Refused):
        accounts.start_workspace(token, name="Ada", email="ada@filon.test", password="password1234", at=at)
    assert accounts.is_start_link(token, at=at)
    assert not User.objects.exists()


def test_an_old_a_replaced_and_a_made_up_start_link_are_refused(at: datetime) -> None:
    old = accounts.make_start_link(at=at)
    new = accounts.make_start_link(at=at)
    assert not accounts.is_start_link(old, at=at)
    assert not accounts.is_start_link("x" * 43, at=at)
    assert accounts.is_start_link(new, at=at)
    assert not accounts.is_start_link(new, at=at + timedelta(days=8))


def test_a_password_link_works_once_and_ends_the_other_sessions(
    admin: Actor, make_user: MakeUser, signed_in_client: SignIn, at: datetime
) -> None:
    elsewhere = signed_in_client("sdr")
    user = elsewhere.user
    link = accounts.password_link(user.pk, by=admin, at=at)
    browser = Client()
    assert browser.get(link).status_code == 200
    assert browser.post(link, {"password": PASSWORD}).url == "/sign-in"
    assert browser.get(link).status_code == 404
    assert elsewhere.get("/account").status_code == 302
    assert sign_in(browser, user.email, PASSWORD).status_code == 302


def test_a_tampered_password_link_is_refused(admin: Actor, make_user: MakeUser, at: datetime) -> None:
    one, two = make_user(), make_user()
    link, other = (accounts.password_link(user.pk, by=admin, at=at) for user in (one, two))
    mixed = "/".join([*other.split("/")[:3], link.split("/")[3]])
    for made_up in (mixed, link[:-1], "/password/AAAA/x", "/password/%C3%A9/x"):
        assert Client().get(made_up).status_code == 404


def test_changing_ones_password_needs_the_present_one_and_ends_other_sessions(make_user: MakeUser) -> None:
    user = make_user(password=True)
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, user.email, PASSWORD)
    new = "un tout autre mot de passe"
    assert here.post("/account", {"old": "wrong", "password": new}).status_code == 422
    assert here.post("/account", {"old": PASSWORD, "password": new}).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_a_deactivated_colleague_is_out_at_once(admin: Actor, signed_in_client: SignIn, at: datetime) -> None:
    client = signed_in_client("sdr")
    accounts.change_user(client.user.pk, role="sdr", name="Léa", is_active=False, by=admin, at=at)
    assert client.get("/account").status_code == 302


def test_the_last_administrator_stays_one(admin: Actor, make_user: MakeUser, at: datetime) -> None:
    last = make_user("admin")
    for change in ({"role": "sdr"}, {"role": "admin", "is_active": False}):
        with pytest.raises(Refused, match="administrat"):
            accounts.change_user(last.pk, name="Ada", by=admin, at=at, **change)
    make_user("admin")
    accounts.change_user(last.pk, name="Ada", role="sdr", by=admin, at=at)


def test_an_e_mail_belongs_to_one_colleague(admin: Actor, at: datetime) -> None:
    accounts.create_user("lea@filon.test", role="sdr", by=admin, at=at)
    with pytest.raises(Refused) as refused:
        accounts.create_user(" LEA@filon.test", role="sdr", by=admin, at=at)
    assert refused.value.kind is Kind.CONFLICT


@pytest.mark.parametrize("role", ["marketing", "sdr", "sales", "manager", "head", "ops", "read_only"])
def test_only_administrators_change_accounts(make_user: MakeUser, role: str, at: datetime) -> None:
    other = make_user()
    actor = access.of_user(make_user(role))
    attempts = [
        lambda: accounts.create_user("eve@filon.test", role="admin", by=actor, at=at),
        lambda: accounts.change_user(other.pk, role="admin", name="x", by=actor, at=at),
        lambda: accounts.password_link(other.pk, by=actor, at=at),
        lambda: accounts.create_team("Nord", by=actor, at=at),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.kind is Kind.FORBIDDEN
    assert not Team.objects.exists()


@pytest.mark.parametrize("role", ["marketing", "sdr", "sales", "manager", "head", "ops", "read_only"])
def test_the_pages_of_accounts_are_closed_to_others(signed_in_client: SignIn, role: str) -> None:
    client = signed_in_client(role)
    for name in ("settings_users", "settings_user_new", "settings_teams", "settings_audit"):
        assert client.get(reverse(name)).status_code == 403
    assert (
        client.post(reverse("settings_user_new"), {"name": "E", "email": "e@f.test", "role": "admin"}).status_code
        == 403
    )
    assert User.objects.count() == 1


def test_an_administrator_manages_colleagues_teams_and_keys_on_pages(signed_in_client: SignIn) -> None:
    client = signed_in_client("admin")
    client.post(reverse("settings_teams"), {"name": "Équipe Nord"})
    team = Team.objects.get()
    new = {"name": "Léa Martin", "email": "lea@filon.test", "role": "sdr", "team": team.pk}
    page = client.post(reverse("settings_user_new"), new)
    link = page.context["link"]
    assert Client().get(link.removeprefix("http://testserver")).status_code == 200
    lea = User.objects.get(email="lea@filon.test")
    client.post(
        reverse("settings_user", args=[lea.pk]),
        {"name": "Léa M.", "email": lea.email, "role": "sales", "team": "", "is_active": "on"},
    )
    lea.refresh_from_db()
    assert (lea.name, lea.role, lea.team) == ("Léa M.", "sales", None)
    page = client.post(reverse("settings_keys"), {"name": "Site", "scopes": ["leads:write"]})
    secret = page.context["secret"]
    assert keys.authenticate(f"Bearer {secret}").permissions == access.SCOPES["leads:write"]
    assert secret not in client.get(reverse("settings_keys")).content.decode()
    client.post(reverse("settings_key_revoke", args=[ApiKey.objects.get().pk]))
    assert keys.authenticate(f"Bearer {secret}") is None
    page = client.get(reverse("settings_audit") + "?check=1")
    assert page.context["checked"].is_whole
    assert page.context["checked"].entries == AuditEntry.objects.count() > 5


def test_a_key_is_kept_as_its_hash_only(admin: Actor, at: datetime) -> None:
    key, secret = accounts.create_key("Site", ["leads:write"], by=admin, at=at)
    row = ApiKey.objects.values().get(pk=key.pk)
    assert secret not in str(row)
    assert len(secret) > 45
    assert secret not in str(list(AuditEntry.objects.values()))


def test_nobody_makes_a_key_that_may_do_more_than_they(make_user: MakeUser, at: datetime) -> None:
    ops = access.of_user(make_user("ops"))
    accounts.create_key("ok", ["leads:write"], by=ops, at=at)
    with pytest.raises(Refused) as refused:
        accounts.create_key("too much", ["admin"], by=ops, at=at)
    assert refused.value.kind is Kind.FORBIDDEN


def test_an_unknown_scope_is_named_with_those_that_exist(at: datetime) -> None:
    with pytest.raises(Refused, match="leads:write"):
        accounts.create_key("x", ["leads:everything"], by=SYSTEM, at=at)


def test_a_change_in_the_audit_log_is_found(at: datetime, admin: Actor) -> None:
    for number in range(5):
        audit.append("signed_in", by=admin, at=at + timedelta(seconds=number), number=number)
    assert audit.check() == audit.Checked(5, AuditEntry.objects.last().hash, None)
    entries = list(AuditEntry.objects.order_by("id"))
    entries[2].what = {"number": 7}
    assert audit.seal(entries[2]) != entries[2].hash


def test_the_language_is_remembered_with_the_user(signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    assert client.get("/account").headers["Content-Language"] == "fr"
    client.post("/language", {"language": "en", "next": "/account"})
    client.cookies.pop("filon_language")
    assert client.get("/account").headers["Content-Language"] == "en"
    assert client.post("/language", {"language": "tlh"}).status_code == 404


def test_the_language_of_a_visitor_is_remembered_on_their_browser() -> None:
    client = Client(headers={"Accept-Language": "en"})
    assert client.get("/sign-in").headers["Content-Language"] == "fr"
    assert client.post("/language", {"language": "en", "next": "https://evil.test"}).url == "/"
    assert client.get("/sign-in").headers["Content-Language"] == "en"
