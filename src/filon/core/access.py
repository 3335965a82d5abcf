"""Who may do what. One policy under pages, API, jobs and imports; permissions are checked in commands and queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filon.core.models import ApiKey, User
from filon.kit.errors import Kind, Refused

_EVERYONE: Final = {"leads.see", "deals.see", "kpi.see", "people.see", "nurture.see"}
_WORKS: Final = {"events.create", "leads.create", "leads.change", "leads.move", "leads.act"}
_PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "read_only": frozenset(_EVERYONE),
    "sdr": frozenset(_EVERYONE | _WORKS),
    "sales": frozenset(_EVERYONE | _WORKS | {"deals.change"}),
    "manager": frozenset(_EVERYONE | _WORKS | {"deals.change", "targets.change", "leads.assign", "export"}),
    "head": frozenset(_EVERYONE | {"leads.assign", "export", "costs.change", "handoff.change", "targets.change"}),
    "marketing": frozenset(
        _EVERYONE
        | _WORKS
        | {"imports.run", "campaigns.change", "costs.change", "forms.change", "scoring.change"}
        | {"nurture.change", "export", "segments.share"}
    ),
    "ops": frozenset(
        _EVERYONE
        | _WORKS
        | {
            "imports.run",
            "campaigns.change",
            "costs.change",
            "fields.change",
            "forms.change",
            "nurture.change",
            "scoring.change",
            "routing.change",
            "export",
            "health.see",
            "jobs.change",
            "segments.share",
            "leads.assign",
            "deals.change",
            "targets.change",
            "handoff.change",
            "keys.change",
        }
    ),
}
ALL_PERMISSIONS: Final = frozenset().union(
    *_PERMISSIONS.values(), {"users.change", "settings.change", "demo.run", "events.create"}
)

SCOPES: Final[dict[str, frozenset[str]]] = {
    "leads:read": frozenset({"leads.see", "people.see"}),
    "leads:write": frozenset(
        {"leads.see", "people.see", "events.create", "leads.create", "leads.change", "leads.move", "leads.act"}
    ),
    "events:write": frozenset({"events.create"}),
    "deals:read": frozenset({"deals.see"}),
    "deals:write": frozenset({"deals.see", "deals.change"}),
    "costs:write": frozenset({"costs.change", "campaigns.change"}),
    "imports:write": frozenset({"imports.run"}),
    "kpi:read": frozenset({"kpi.see"}),
    "admin": ALL_PERMISSIONS,
}
"""What each scope of an API key allows."""


_RIGHTS: Final = {
    "leads.see": gettext_lazy("see leads"),
    "deals.see": gettext_lazy("see opportunities"),
    "kpi.see": gettext_lazy("see the figures"),
    "people.see": gettext_lazy("see people and accounts"),
    "events.create": gettext_lazy("send acts of people"),
    "leads.create": gettext_lazy("create leads"),
    "leads.change": gettext_lazy("change leads, people and accounts"),
    "leads.move": gettext_lazy("move leads from stage to stage"),
    "leads.act": gettext_lazy("log calls, messages and notes"),
    "leads.assign": gettext_lazy("assign leads to colleagues"),
    "deals.change": gettext_lazy("change opportunities"),
    "targets.change": gettext_lazy("set the targets of sales"),
    "export": gettext_lazy("export data"),
    "costs.change": gettext_lazy("change costs"),
    "imports.run": gettext_lazy("import files"),
    "campaigns.change": gettext_lazy("change campaigns"),
    "fields.change": gettext_lazy("make and change custom fields"),
    "forms.change": gettext_lazy("make and change forms"),
    "nurture.see": gettext_lazy("see sequences and what was sent"),
    "nurture.change": gettext_lazy("write templates, and make and run sequences"),
    "scoring.change": gettext_lazy("change the scoring rules"),
    "segments.share": gettext_lazy("share segments with everyone"),
    "routing.change": gettext_lazy("change the routing rules"),
    "handoff.change": gettext_lazy("change what marketing and sales agreed on"),
    "health.see": gettext_lazy("see the health of the system"),
    "jobs.change": gettext_lazy("retry or cancel jobs"),
    "keys.change": gettext_lazy("manage API keys"),
    "users.change": gettext_lazy("manage colleagues and teams"),
    "settings.change": gettext_lazy("change the settings"),
    "demo.run": gettext_lazy("start or remove the sample data"),
}
"""What each permission allows, in words."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user, an API key, an import or the system. `team_id` is a manager's scope."""

    kind: str
    id: int | None = None
    label: str = ""
    role: str = ""
    team_id: int | None = None
    permissions: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def lacks_team(self) -> bool:
        """Whether this is a manager whose lists hold little because nobody has given them a team."""
        return self.role == "manager" and self.team_id is None

    def may(self, permission: str) -> bool:
        """Whether this actor has the permission."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise Refused (forbidden) without the permission."""
        if permission not in self.permissions:
            raise Refused(
                _("You do not have the right to do this: your role may not %(right)s. Ask an administrator.")
                % {"right": _RIGHTS.get(permission, permission)},
                Kind.FORBIDDEN,
                code="forbidden",
            )


SYSTEM: Final = Actor("system", permissions=ALL_PERMISSIONS)
"""The house itself: scheduled work, the first start, the command line on the machine."""

ANONYMOUS: Final = Actor("none")
"""Someone who has not signed in."""


def of_user(user: User) -> Actor:
    """The actor a signed-in user is."""
    permissions = ALL_PERMISSIONS if user.role == "admin" else _PERMISSIONS[user.role]
    scope = user.team_id if user.role == "manager" else None
    return Actor("user", user.pk, str(user), user.role, scope, permissions)


def of_key(key: ApiKey) -> Actor:
    """The actor a program with this key is."""
    permissions = frozenset().union(*(SCOPES[scope] for scope in key.scopes if scope in SCOPES))
    return Actor("key", key.pk, key.name, "", None, permissions)


def lead_scope(actor: Actor) -> tuple[str, list[object]]:
    """A condition on `lead` for what this actor may see: a manager's teams and leads without owner, else all.

    A manager without a team sees leads without owner only.
    """
    if actor.role != "manager":
        return "", []
    return (
        "(lead.owner_id IS NULL OR lead.owner_id IN (SELECT id FROM core_user WHERE team_id = %s OR id = %s))",
        [actor.team_id, actor.id],
    )
