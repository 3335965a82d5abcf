"""Pages of the settings: colleagues, teams, API keys, audit log, one's own account. Commands judge who may."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core import accounts, audit, forms
from filon.core.models import ApiKey, AuditEntry, Team, User
from filon.core.models.users import Role
from filon.core.web import Request
from filon.kit.errors import Refused, not_found

PAGE: Final = 50


@require_safe
def index(request: Request) -> HttpResponse:
    """The first settings page this reader may see."""
    for permission, name in (("users.change", "settings_users"), ("keys.change", "settings_keys")):
        if request.actor.may(permission):
            return redirect(name)
    return redirect("account")


@require_safe
def users(request: Request) -> HttpResponse:
    """Everyone who works here or owns records, by name."""
    request.actor.require("users.change")
    found = User.objects.select_related("team").order_by("-is_active", "name_folded", "pk")
    if wanted := request.GET.get("q", "").strip():
        found = found.filter(Q(name__icontains=wanted) | Q(email__icontains=wanted))
    return _render(request, "core/settings_users.html", "settings_users", users=found[:500], q=wanted)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_user(request: Request) -> HttpResponse:
    """Invite a colleague: they get a one-use link to choose a password."""
    request.actor.require("users.change")
    form = forms.NewUserForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        try:
            user = accounts.create_user(**forms.values(form), by=request.actor, at=now)
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            return _link_page(request, user, accounts.password_link(user.pk, by=request.actor, at=now))
    return _form_page(request, form, "settings_users", title=_("New colleague"), submit=_("Create"))


@require_http_methods(["GET", "HEAD", "POST"])
def user(request: Request, user_id: int) -> HttpResponse:
    """Change a colleague's name, role, team, or whether they may sign in."""
    request.actor.require("users.change")
    shown = User.objects.filter(pk=user_id).first()
    if shown is None:
        raise not_found(_("Colleague"))
    now_so = {
        "name": shown.name,
        "email": shown.email,
        "role": shown.role,
        "team": shown.team_id,
        "is_active": shown.is_active,
    }
    form = forms.UserForm(request.POST or None, initial=now_so)
    if form.is_valid():
        try:
            accounts.change_user(user_id, **forms.values(form), by=request.actor, at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_users")
    return _form_page(
        request,
        form,
        "settings_users",
        template="core/settings_user.html",
        title=shown.name,
        submit=_("Save"),
        shown=shown,
    )


@never_cache
@require_POST
def user_link(request: Request, user_id: int) -> HttpResponse:
    """A one-use link with which a colleague sets a password, shown once for the administrator to hand over."""
    link = accounts.password_link(user_id, by=request.actor, at=timezone.now())
    return _link_page(request, User.objects.get(pk=user_id), link)


@require_http_methods(["GET", "HEAD", "POST"])
def teams(request: Request) -> HttpResponse:
    """The teams with their number of members; a new one below."""
    request.actor.require("users.change")
    form = forms.TeamForm(request.POST or None)
    if form.is_valid():
        try:
            accounts.create_team(form.cleaned_data["name"], by=request.actor, at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            messages.success(request, _("The team is created."))
            return redirect("settings_teams")
    found = Team.objects.annotate(size=Count("members", filter=Q(members__is_active=True))).order_by("name_folded")
    return _render(request, "core/settings_teams.html", "settings_teams", form=form, teams=found, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
def team(request: Request, team_id: int) -> HttpResponse:
    """Rename a team."""
    request.actor.require("users.change")
    shown = Team.objects.filter(pk=team_id).first()
    if shown is None:
        raise not_found(_("Team"))
    form = forms.TeamForm(request.POST or None, initial={"name": shown.name})
    if form.is_valid():
        try:
            accounts.rename_team(team_id, form.cleaned_data["name"], by=request.actor, at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_teams")
    return _form_page(request, form, "settings_teams", title=shown.name, submit=_("Save"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_keys(request: Request) -> HttpResponse:
    """The API keys that open something, and how to make a new one; its secret is shown once."""
    request.actor.require("keys.change")
    form = forms.KeyForm(request.POST or None)
    secret = ""
    if form.is_valid():
        try:
            _key, secret = accounts.create_key(**form.cleaned_data, by=request.actor, at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            form = forms.KeyForm()
    found = ApiKey.objects.filter(revoked_at=None).select_related("created_by").order_by("-created_at")
    return _render(
        request, "core/settings_keys.html", "settings_keys", form=form, keys=found, secret=secret, status=_status(form)
    )


@require_POST
def revoke_key(request: Request, key_id: int) -> HttpResponse:
    """End an API key."""
    accounts.revoke_key(key_id, by=request.actor, at=timezone.now())
    messages.success(request, _("The key is revoked; it opens nothing any more."))
    return redirect("settings_keys")


@require_safe
def audit_log(request: Request) -> HttpResponse:
    """The audit log, newest first, and on request a check of its whole chain."""
    request.actor.require("users.change")
    found = AuditEntry.objects.order_by("-id")
    before = request.GET.get("before", "")
    if before.isdecimal():
        found = found.filter(id__lt=int(before))
    page = list(found[: PAGE + 1])
    entries = page[:PAGE]
    return _render(
        request,
        "core/settings_audit.html",
        "settings_audit",
        entries=_named(entries),
        older=entries[-1].pk if len(page) > PAGE else None,
        checked=audit.check() if "check" in request.GET else None,
    )


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: Request) -> HttpResponse:
    """One's own account: change the password, which ends one's other sessions."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 — SignInMiddleware let nobody else through
    form = forms.OwnPasswordForm(request.POST or None)
    if form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["password"]
        try:
            accounts.change_own_password(user, old, new, at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password is changed. Your other sessions have ended."))
            return redirect("account")
    return _render(request, "core/account.html", "account", form=form, status=_status(form))


_ACTORS: Final = {
    "system": gettext_lazy("The system"),
    "key": gettext_lazy("An API key"),
    "import": gettext_lazy("An import"),
    "none": gettext_lazy("Someone not signed in"),
}
_KINDS: Final = {
    "signed_in": gettext_lazy("Signed in"),
    "signed_out": gettext_lazy("Signed out"),
    "sign_in_refused": gettext_lazy("Sign-in refused"),
    "workspace_started": gettext_lazy("Workspace started"),
    "user_created": gettext_lazy("Colleague created"),
    "user_changed": gettext_lazy("Colleague changed"),
    "password_link_made": gettext_lazy("Password link made"),
    "password_set": gettext_lazy("Password set"),
    "team_created": gettext_lazy("Team created"),
    "team_renamed": gettext_lazy("Team renamed"),
    "key_created": gettext_lazy("API key created"),
    "key_revoked": gettext_lazy("API key revoked"),
    "jobs_retried": gettext_lazy("Jobs retried"),
    "jobs_cancelled": gettext_lazy("Jobs cancelled"),
    "inbox_replayed": gettext_lazy("Inbox entries replayed"),
    "exported": gettext_lazy("Data exported"),
    "scoring_published": gettext_lazy("Scoring rules published"),
    "routing_published": gettext_lazy("Routing rules published"),
}
_WHAT: Final = {
    "of": gettext_lazy("Records"),
    "rows": gettext_lazy("Number of rows"),
    "segment": gettext_lazy("Segment"),
    "role": gettext_lazy("Role"),
    "team_id": gettext_lazy("Team"),
    "key_id": gettext_lazy("API key"),
    "is_active": gettext_lazy("May sign in"),
    "scopes": gettext_lazy("What it may do"),
    "jobs": gettext_lazy("Jobs"),
    "version": gettext_lazy("Version"),
}
_RECORDS: Final = {
    "leads": gettext_lazy("leads"),
    "people": gettext_lazy("people"),
    "companies": gettext_lazy("accounts"),
    "opportunities": gettext_lazy("opportunities"),
    "campaigns": gettext_lazy("campaigns"),
}


def _named(entries: list[AuditEntry]) -> list[dict[str, Any]]:
    """Entries with the names of who acted and on whom. Two queries."""
    teams = dict(Team.objects.values_list("pk", "name"))
    ids = {entry.actor_id for entry in entries if entry.actor_kind == "user"}
    ids |= {entry.what.get("user_id") for entry in entries}
    names: dict[Any, str] = dict(User.objects.filter(pk__in=[one for one in ids if one]).values_list("pk", "name"))
    return [
        {
            "at": entry.at,
            "kind": _KINDS.get(entry.kind, entry.kind),
            "by": names.get(entry.actor_id, "") if entry.actor_kind == "user" else _ACTORS[entry.actor_kind],
            "about": names.get(entry.what.get("user_id"), ""),
            "what": _in_words(entry.what, teams),
        }
        for entry in entries
    ]


def _in_words(what: dict[str, Any], teams: dict[int, str]) -> list[tuple[str, str]]:
    """What an entry says beside its actor and colleague; a change from one value to another on one line."""
    said: list[tuple[str, str]] = []
    for key, value in what.items():
        if key == "changes" and isinstance(value, dict):
            said += [(_label(one), _change(one, change, teams)) for one, change in value.items()]
        elif key != "user_id" and value not in ("", None):
            said.append((_label(key), _value(key, value, teams)))
    return said


def _label(key: str) -> str:
    return str(_WHAT.get(key, key))


def _change(key: str, change: Any, teams: dict[int, str]) -> str:
    if isinstance(change, list) and len(change) == 2:
        return " → ".join(_value(key, one, teams) for one in change)
    return _value(key, change, teams)


def _value(key: str, value: Any, teams: dict[int, str]) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if key == "role":
        return str(dict(Role.choices).get(value, value))
    if key == "team_id":
        return teams.get(value, f"#{value}")
    return str(_RECORDS.get(value, value)) if key == "of" else str(value)


def _link_page(request: Request, shown: User, link: str) -> HttpResponse:
    return _render(
        request, "core/settings_link.html", "settings_users", shown=shown, link=request.build_absolute_uri(link)
    )


def _form_page(
    request: Request, form: Any, tab: str, *, template: str = "core/settings_form.html", **context: Any
) -> HttpResponse:
    return _render(request, template, tab, status=_status(form), form=form, cancel_url=reverse(tab), **context)


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200


def _render(request: Request, template: str, tab: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, template, {"tabs": _tabs(request, tab), **context}, status=status)


def _tabs(request: Request, current: str) -> list[dict[str, Any]]:
    """The settings pages this reader may see."""
    pages = [
        ("users.change", "settings_users", _("Colleagues")),
        ("users.change", "settings_teams", _("Teams")),
        ("fields.change", "leads:customs", _("Custom fields")),
        ("keys.change", "settings_keys", _("API keys")),
        ("users.change", "settings_audit", _("Audit log")),
        ("", "account", _("My account")),
    ]
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for permission, name, label in pages
        if not permission or request.actor.may(permission)
    ]
