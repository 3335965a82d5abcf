"""The forms of core's pages. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from filon.core import access
from filon.core.models import Team
from filon.core.models.users import Role
from filon.kit.errors import Refused

_EMAIL = forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})


def _new_password() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text=_("At least 12 characters. A few words that only you would put together are best."),
    )


class SignInForm(forms.Form):
    """E-mail and password."""

    email = forms.EmailField(label=_("E-mail"), widget=_EMAIL)
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class StartForm(forms.Form):
    """The first administrator."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("E-mail"), widget=_EMAIL)
    password = _new_password()


class PasswordForm(forms.Form):
    """A new password, by a one-use link."""

    password = _new_password()


class OwnPasswordForm(forms.Form):
    """A new password, knowing the present one."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = _new_password()


class _TeamField(forms.ModelChoiceField):  # type: ignore[type-arg]  # django-stubs' generic is no class at run time
    def __init__(self) -> None:
        super().__init__(
            Team.objects.order_by("name_folded"), label=_("Team"), required=False, empty_label=_("No team")
        )


_ROLES: Final = {
    Role.ADMIN: _("Sees and does everything, colleagues, settings and the audit log included."),
    Role.MARKETING: _(
        "Sees everything; works on leads, imports, campaigns, costs, scoring and shared segments, and exports."
    ),
    Role.SDR: _("Sees everything; creates, changes and moves leads, and logs calls and messages."),
    Role.SALES: _("As an SDR, and works on opportunities."),
    Role.MANAGER: _(
        "Sees the leads of the team and those without an owner; works on them, assigns them, exports. Needs a team."
    ),
    Role.HEAD: _("Sees everything and all figures; assigns leads, changes costs, and exports."),
    Role.OPS: _("Sees everything; runs imports, rules of scoring and routing, API keys and jobs."),
    Role.READ_ONLY: _("Sees everything and changes nothing."),
}
"""What each role sees and does, in one sentence."""


def _roles() -> list[tuple[str, str]]:
    described = '{}<span class="hint">{}</span>'
    return [(role.value, format_html(described, role.label, _ROLES[role])) for role in Role]


class NewUserForm(forms.Form):
    """A colleague to invite."""

    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(label=_("Role"), choices=_roles, initial=Role.SDR, widget=forms.RadioSelect)
    team = _TeamField()


class UserForm(NewUserForm):
    """A colleague as they are."""

    email = forms.EmailField(label=_("E-mail"), required=False)
    is_active = forms.BooleanField(
        label=_("May sign in and is given new leads"), required=False, help_text=_("Their records and history stay.")
    )


class TeamForm(forms.Form):
    """A team's name."""

    name = forms.CharField(label=_("Name"), max_length=120)


_SCOPES: Final = {
    "leads:read": _("read leads, people and companies"),
    "leads:write": _("create and change leads"),
    "events:write": _("send what people did"),
    "deals:read": _("read opportunities"),
    "deals:write": _("create and change opportunities"),
    "costs:write": _("record costs and campaigns"),
    "imports:write": _("import files"),
    "kpi:read": _("read figures"),
    "admin": _("everything"),
}


def _scopes() -> list[tuple[str, str]]:
    return [(name, f"{_SCOPES.get(name, name)} ({name})") for name in access.SCOPES]


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Which program uses it, for example “Website form”.")
    )
    scopes = forms.MultipleChoiceField(label=_("What it may do"), widget=forms.CheckboxSelectMultiple, choices=_scopes)


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Put a command's refusal where the person can mend it: at its field, else above the form."""
    told = False
    for error in refused.errors:
        name = str(error.get("field", ""))
        if name in form.fields:
            form.add_error(name, str(error["message"]))
            told = True
    if not told:
        form.add_error(None, refused.message)


def values(form: forms.Form) -> dict[str, Any]:
    """A valid form's values, a chosen record by its id."""
    cleaned = dict(form.cleaned_data)
    if "team" in cleaned:
        team = cleaned.pop("team")
        cleaned["team_id"] = team.pk if team else None
    return cleaned
