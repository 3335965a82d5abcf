"""Accounts: colleagues, teams, API keys, and the links that let people in for the first time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from filon.core import access, audit, keys, limits
from filon.core.access import Actor
from filon.core.models import ApiKey, StartLink, Team, User
from filon.core.models.users import Role
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold

SIGN_IN_WINDOW: Final = timedelta(minutes=15)
TRIES_PER_ACCOUNT: Final = 10
TRIES_PER_ADDRESS: Final = 100
LONGEST_PASSWORD: Final = 128
START_LINK_KEPT: Final = timedelta(days=7)


# Signing in ----------------------------------------------------------------------------------------------------------


def sign_in(request: HttpRequest, email: str, password: str, *, at: datetime) -> User:
    """The user with this e-mail and password. Raises Refused in the same words and time whatever was wrong.

    Tries are limited per account and per address, in the database.
    """
    account = email.strip().lower()
    address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
    limits.take("sign-in-address", address, most=TRIES_PER_ADDRESS, window=SIGN_IN_WINDOW, at=at)
    limits.take("sign-in-account", account, most=TRIES_PER_ACCOUNT, window=SIGN_IN_WINDOW, at=at)
    user = authenticate(request, username=account, password=password[: LONGEST_PASSWORD + 1])
    if not isinstance(user, User):
        known = User.objects.filter(email=account).values_list("pk", flat=True).first()
        audit.append("sign_in_refused", by=access.ANONYMOUS, at=at, user_id=known)
        raise Refused(_("This e-mail and password do not go together."), Kind.INVALID, code="wrong_password")
    limits.forgive("sign-in-account", account)
    audit.append("signed_in", by=access.of_user(user), at=at)
    return user


def signed_out(by: Actor, *, at: datetime) -> None:
    """Note that someone signed out."""
    audit.append("signed_out", by=by, at=at)


# The first administrator ---------------------------------------------------------------------------------------------


def nobody_can_sign_in() -> bool:
    """Whether the workspace still waits for its first administrator."""
    with_password = User.objects.filter(is_active=True, email__isnull=False).exclude(password="")
    return not with_password.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


@transaction.atomic
def make_start_link(*, at: datetime) -> str:
    """The token of a new one-use link for the first administrator; earlier ones are void. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    StartLink.objects.filter(used_at=None).delete()
    StartLink.objects.create(token_hash=_hash(token), created_at=at)
    return token


def is_start_link(token: str, *, at: datetime) -> bool:
    """Whether this link still opens the first administrator's door."""
    return _open_links(token, at).exists() and nobody_can_sign_in()


@transaction.atomic
def start_workspace(token: str, *, name: str, email: str, password: str, at: datetime) -> User:
    """Create the first administrator and use the link up. Raises Refused when it is used, unknown or old."""
    if not _open_links(token, at).update(used_at=at) or not nobody_can_sign_in():
        raise closed_start_link()
    user = create_user(email, role=Role.ADMIN, name=name, password=password, by=access.SYSTEM, at=at)
    audit.append("workspace_started", by=access.of_user(user), at=at)
    return user


def closed_start_link() -> Refused:
    """Why a start link opens nothing, and what to do instead."""
    message = (
        _("This link is used up or too old. Start Filon again to get a new one.")
        if nobody_can_sign_in()
        else _("Filon has an administrator already. Sign in, or ask the administrator for access.")
    )
    return Refused(message, Kind.NOT_FOUND, code="start_link")


def _open_links(token: str, at: datetime) -> models.QuerySet[StartLink]:
    return StartLink.objects.filter(token_hash=_hash(token), used_at=None, created_at__gt=at - START_LINK_KEPT)


# Colleagues ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_user(
    email: str,
    *,
    role: str,
    name: str = "",
    password: str | None = None,
    team_id: int | None = None,
    by: Actor,
    at: datetime,
) -> User:
    """Add a colleague, without a password unless one is given (then see `password_link`). Raises Refused."""
    by.require("users.change")
    email = _checked_email(email)
    name = name.strip()[:150] or email.partition("@")[0]
    user = User(
        email=email, name=name, name_folded=fold(name)[:150], role=_checked_role(role), team_id=team_id, created_at=at
    )
    _set_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise _invalid("email", _("Someone has this e-mail already."), "email_taken", Kind.CONFLICT) from error
    audit.append("user_created", by=by, at=at, user_id=user.pk, role=user.role)
    return user


@transaction.atomic
def change_user(
    user_id: int,
    *,
    role: str,
    name: str,
    email: str = "",
    team_id: int | None = None,
    is_active: bool = True,
    by: Actor,
    at: datetime,
) -> User:
    """Change what a colleague is called, may do and belongs to. Raises Refused, also for the last administrator."""
    by.require("users.change")
    user = _user(user_id)
    before = {"role": user.role, "team_id": user.team_id, "is_active": user.is_active}
    user.name = name.strip()[:150] or user.name
    user.name_folded = fold(user.name)[:150]
    user.email = _checked_email(email) if email else user.email
    user.role, user.team_id, user.is_active = _checked_role(role), team_id, is_active
    if before["role"] == Role.ADMIN and before["is_active"] and (user.role != Role.ADMIN or not user.is_active):
        _keep_an_admin(user)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise _invalid("email", _("Someone has this e-mail already."), "email_taken", Kind.CONFLICT) from error
    after = {"role": user.role, "team_id": user.team_id, "is_active": user.is_active}
    changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    audit.append("user_changed", by=by, at=at, user_id=user.pk, changes=changes)
    return user


def password_link(user_id: int, *, by: Actor, at: datetime) -> str:
    """The path of a one-use link with which a colleague sets a password; it is void once used, or after three days."""
    by.require("users.change")
    user = _user(user_id)
    if not user.email or not user.is_active:
        raise Refused(_("Give this colleague an e-mail and make them active first."), Kind.CONFLICT, code="no_email")
    audit.append("password_link_made", by=by, at=at, user_id=user.pk)
    return f"/password/{urlsafe_base64_encode(str(user.pk).encode())}/{default_token_generator.make_token(user)}"


def user_of_link(uid: str, token: str) -> User:
    """Whose password this link sets. Raises Refused when it is used, old or made up."""
    try:
        user = User.objects.get(pk=int(urlsafe_base64_decode(uid)), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        user = None
    if user is None or not default_token_generator.check_token(user, token):
        message = _("This link has been used or is too old. Ask an administrator for a new one.")
        raise Refused(message, Kind.NOT_FOUND, code="password_link")
    return user


@transaction.atomic
def set_password(user: User, password: str, *, by: Actor, at: datetime) -> None:
    """Give a user a new password; every session of theirs but the one that did it ends. Raises Refused."""
    _set_password(user, password)
    user.save(update_fields=["password"])
    audit.append("password_set", by=by, at=at, user_id=user.pk)


def change_own_password(user: User, old: str, new: str, *, at: datetime) -> None:
    """Change one's own password, knowing the old one. Raises Refused."""
    limits.take("change-password", str(user.pk), most=TRIES_PER_ACCOUNT, window=SIGN_IN_WINDOW, at=at)
    if not user.check_password(old[: LONGEST_PASSWORD + 1]):
        raise _invalid("old", _("This is not your present password."), "wrong_password")
    set_password(user, new, by=access.of_user(user), at=at)


def choose_language(user: User, language: str) -> None:
    """Remember the language a user reads."""
    user.language = language
    user.save(update_fields=["language"])


# Teams ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_team(name: str, *, by: Actor, at: datetime) -> Team:
    """Add a team. Raises Refused when its name is taken."""
    by.require("users.change")
    name = name.strip()[:120]
    if not name:
        raise _invalid("name", _("A team needs a name."), "required")
    team, is_new = Team.objects.get_or_create(name_folded=fold(name)[:120], defaults={"name": name, "created_at": at})
    if not is_new:
        raise _invalid("name", _("There is a team of this name already."), "name_taken", Kind.CONFLICT)
    audit.append("team_created", by=by, at=at, team_id=team.pk)
    return team


@transaction.atomic
def rename_team(team_id: int, name: str, *, by: Actor, at: datetime) -> Team:
    """Give a team another name. Raises Refused."""
    by.require("users.change")
    team = Team.objects.filter(pk=team_id).first()
    name = name.strip()[:120]
    if team is None:
        raise not_found(_("Team"))
    if not name or Team.objects.filter(name_folded=fold(name)[:120]).exclude(pk=team_id).exists():
        raise _invalid("name", _("There is a team of this name already."), "name_taken", Kind.CONFLICT)
    team.name, team.name_folded = name, fold(name)[:120]
    team.save()
    audit.append("team_renamed", by=by, at=at, team_id=team.pk)
    return team


# API keys ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_key(name: str, scopes: Sequence[str], *, by: Actor, at: datetime) -> tuple[ApiKey, str]:
    """A new API key and its secret, which is told this once. Raises Refused for scopes the author does not have."""
    by.require("keys.change")
    name = name.strip()[:120]
    if not name:
        raise _invalid("name", _("A key needs a name that says which program uses it."), "required")
    for scope in scopes:
        if scope not in access.SCOPES:
            message = _("There is no scope %(scope)s. Scopes: %(scopes)s")
            raise _invalid("scopes", message % {"scope": scope, "scopes": ", ".join(access.SCOPES)}, "unknown_scope")
        if not access.SCOPES[scope] <= by.permissions:
            message = _("The scope %(scope)s allows more than you may do yourself.") % {"scope": scope}
            raise Refused(message, Kind.FORBIDDEN, code="scope_too_wide")
    if not scopes:
        raise _invalid("scopes", _("Choose at least one scope."), "required")
    secret = keys.PREFIX + secrets.token_urlsafe(32)
    author = by.id if by.kind == "user" else None
    key = ApiKey.objects.create(
        name=name,
        prefix=secret[:12],
        key_hash=keys.hash_of(secret),
        scopes=sorted(set(scopes)),
        created_by_id=author,
        created_at=at,
    )
    audit.append("key_created", by=by, at=at, key_id=key.pk, scopes=key.scopes)
    return key, secret


@transaction.atomic
def revoke_key(key_id: int, *, by: Actor, at: datetime) -> None:
    """End a key; it opens nothing within seconds, in every process. Raises Refused."""
    by.require("keys.change")
    if not ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=at):
        raise not_found(_("Key"))
    audit.append("key_revoked", by=by, at=at, key_id=key_id)


# Checks --------------------------------------------------------------------------------------------------------------


def _user(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise not_found(_("Colleague"))
    return user


def _keep_an_admin(leaving: User) -> None:
    others = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).exclude(pk=leaving.pk)
    if not others.exists():
        message = _("This is the last administrator: make someone else one first.")
        raise Refused(message, Kind.CONFLICT, code="last_admin")


def _checked_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise _invalid("email", _("This is not an e-mail address."), "not_an_email") from error
    return email


def _checked_role(role: str) -> str:
    if role not in Role.values:
        message = _("There is no role %(role)s. Roles: %(roles)s") % {"role": role, "roles": ", ".join(Role.values)}
        raise _invalid("role", message, "unknown_role")
    return role


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    if len(password) > LONGEST_PASSWORD:
        message = _("A password has at most %(most)s characters.") % {"most": LONGEST_PASSWORD}
        raise _invalid("password", message, "password")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise _invalid("password", " ".join(error.messages), "password") from error
    user.set_password(password)


def _invalid(field: str, message: str, code: str, kind: Kind = Kind.INVALID) -> Refused:
    return Refused(message, kind, [{"field": field, "message": message}], code)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
