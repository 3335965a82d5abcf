"""The step of the line that records colleagues: who sells, in which team, under which manager.

A colleague who came by a file owns records but cannot sign in until an administrator invites them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _

from filon.core.ledger import Event
from filon.core.line import Batch, Item
from filon.core.models import Team, User
from filon.kit import sql
from filon.kit.text import fold

NO_SIGN_IN: Final = "!"
"""The password hash of a colleague who cannot sign in (nothing hashes to it)."""

_LONGEST: Final = {"name": 150, "team": 120, "manager": 150, "office": 120, "email": 254}
_ROLE_NAMES: Final = {
    "admin": "admin administrator administrateur administratrice",
    "marketing": "marketing",
    "sdr": "sdr bdr",
    "sales": "sales seller vendeur vendeuse commercial commerciale account_executive ae",
    "manager": "manager responsable directeur_commercial sales_manager",
    "head": "head direction directeur directrice",
    "ops": "ops operations revops",
    "read_only": "read_only lecture_seule viewer",
}
_ROLE_OF: Final = {name: role for role, names in _ROLE_NAMES.items() for name in names.split()}


@dataclass(frozen=True, kw_only=True)
class ColleagueAdded(Event):
    """A colleague became known, without the right to sign in."""

    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class ColleagueChanged(Event):
    """A colleague's role, team, manager or office changed; `fields` names what."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"old", "new"})

    user_id: int
    fields: list[str]
    old: dict[str, Any]
    new: dict[str, Any]


def record_users(batch: Batch) -> None:
    """Find each colleague by e-mail or name, or add them. Five statements at the most, before the batch's writes.

    A manager not known yet is added as one; without a team, a colleague joins the team named after their manager.
    What a colleague who can sign in may do changes only when `batch.by` may change users; else it is a finding.
    """
    items = [item for item in batch.going() if _is_sound(item)]
    people = _People(batch, items)
    for item in items:
        user = item.record
        assert user is not None  # noqa: S101 — _People has found or made them all
        if item.source_record is not None:
            item.source_record["record_id"] = user["id"]
        is_new = batch.rows(User).is_new(user) and item.outcome == "created"
        changed = people.fill(item, user)
        if is_new:
            batch.tell(ColleagueAdded(at=batch.at, user_id=user["id"], role=user["role"]))
        else:
            item.outcome = "updated" if changed else "unchanged"


def _is_sound(item: Item) -> bool:
    values = item.entry.values
    if not (values.get("name") or values.get("email")):
        item.refuse(_("A colleague needs a name or an e-mail."), field_name="name", code="no_identifier")
        return False
    for field, longest in _LONGEST.items():
        if len(str(values.get(field) or "")) > longest:
            message = _("%(field)s is longer than %(longest)s characters.") % {"field": field, "longest": longest}
            item.refuse(message, field_name=field, code="too_long")
            return False
    return True


class _People:
    """The colleagues and teams a batch names: loaded or made, all with an id, found by folded name and e-mail."""

    def __init__(self, batch: Batch, items: list[Item]) -> None:
        self.batch = batch
        self.teams = _teams(batch, items)
        self.users = batch.rows(User)
        self.may_change_access = batch.by.may("users.change")
        self._load(items)
        self.by_email: dict[str, dict[str, Any]] = {}
        self.by_name: dict[str, dict[str, Any]] = {}
        for row in self.users.by_id.values():
            self._index(row)
        for item in items:
            item.record = self._find(item) or self._add(item)
        for item in items:
            manager = item.entry.values.get("manager")
            if manager and _name_key(manager) not in self.by_name:
                self._index(self._new(manager, "manager"))
        self.users.number()

    def fill(self, item: Item, user: dict[str, Any]) -> bool:
        """Write what the item says that is news; whether a known colleague changed."""
        news = {column: value for column, value in self._told(item).items() if user[column] != value}
        if news and not self._may_write(user):
            self.batch.find("user", "colleague_not_changed", user["name"] or user["email"])
            return False
        old = {column: user[column] for column in news}
        is_new = self.users.is_new(user)
        for column, value in news.items():
            self.users.change(user, column, value)
        if news and not is_new:
            self.batch.tell(
                ColleagueChanged(at=self.batch.at, user_id=user["id"], fields=sorted(news), old=old, new=news)
            )
        return bool(news)

    def _may_write(self, user: Mapping[str, Any]) -> bool:
        has_signed_in = user["last_login"] is not None or not user["password"].startswith(NO_SIGN_IN)
        return self.may_change_access or not has_signed_in

    def _told(self, item: Item) -> dict[str, Any]:
        """The columns an item speaks of; those its system gave alike before are left to people."""
        values, told = item.entry.values, dict[str, Any]()
        before = item.given_before or {}
        said = {field for field, value in values.items() if value and before.get(field) != str(value)}
        if "role" in said and (role := self._role(values["role"])):
            told["role"] = role
        if "office" in said:
            told["office"] = values["office"]
        if "email" in said and fold(values["email"]) not in self.by_email:
            told["email"] = values["email"].lower()
        if "manager" in said:
            manager = self.by_name[_name_key(values["manager"])]
            if manager is not item.record:
                told["manager_id"] = manager["id"]
                self._lead(manager, self.teams[_team_key(values)])
        if "team" in said or ("manager" in said and not values.get("team")):
            told["team_id"] = self.teams[_team_key(values)]
        return told

    def _lead(self, manager: dict[str, Any], team_id: int) -> None:
        """A colleague whom others name as their manager is one, and belongs to the team."""
        if self._may_write(manager):
            if manager["role"] == "sales":
                self.users.change(manager, "role", "manager")
            if manager["team_id"] is None:
                self.users.change(manager, "team_id", team_id)

    def _role(self, given: str) -> str | None:
        role = _ROLE_OF.get(fold(given).replace(" ", "_").replace("-", "_"))
        if role is None:
            self.batch.find("user", "unknown_role", given)
        elif role == "admin" and not self.may_change_access:
            self.batch.find("user", "role_not_given", given)
            return None
        return role

    def _find(self, item: Item) -> dict[str, Any] | None:
        values = item.entry.values
        if (told := item.told_before("record")) is not None:
            return told
        if item.given_before is not None and item.source_record is not None:
            known = self.users.by_id.get(item.source_record["record_id"])
            if known is not None:
                return known
        email = fold(values.get("email") or "")
        if email and email in self.by_email:
            return self.by_email[email]
        namesake = self.by_name.get(_name_key(values.get("name") or ""))
        if namesake is not None and email and namesake["email"] not in (None, email):
            return None  # another person of the same name
        return namesake

    def _add(self, item: Item) -> dict[str, Any]:
        values = item.entry.values
        row = self._new(values.get("name") or values["email"], "sales")
        row["email"] = (values.get("email") or "").lower() or None
        self._index(row)
        return row

    def _new(self, name: str, role: str) -> dict[str, Any]:
        return self.users.add(
            name=name[:150], name_folded=_name_key(name), role=role, password=NO_SIGN_IN, created_at=self.batch.at
        )

    def _index(self, row: dict[str, Any]) -> None:
        if row["email"]:
            self.by_email[fold(row["email"])] = row
        self.by_name.setdefault(row["name_folded"], row)

    def _load(self, items: list[Item]) -> None:
        """The colleagues items may mean: by name, by e-mail, and those their source records name."""
        values = [item.entry.values for item in items]
        names = {_name_key(given[field]) for given in values for field in ("name", "manager") if given.get(field)}
        emails = {given["email"].lower() for given in values if given.get("email")}
        for column, wanted in (("name_folded", names), ("email", emails)):
            if wanted:
                self.users.load(*sql.any_of(column, sorted(wanted)), lock=True)
        known = [
            item.source_record["record_id"] for item in items if item.given_before is not None and item.source_record
        ]
        self.users.load_ids(known, lock=True)


def _teams(batch: Batch, items: Iterable[Item]) -> dict[str, int]:
    """Team ids by folded name: the team an item names, or else the one named after its manager."""
    named: dict[str, str] = {}
    for item in items:
        values = item.entry.values
        if name := values.get("team") or values.get("manager"):
            named.setdefault(_team_key(values), name)
    rows = batch.rows(Team)
    if named:
        rows.load(*sql.any_of("name_folded", sorted(named)))
        known = {row["name_folded"] for row in rows.by_id.values()}
        for folded, name in named.items():
            if folded not in known:
                rows.add(name=name[:120], name_folded=folded, created_at=batch.at)
        rows.number()
    return {row["name_folded"]: row["id"] for row in rows.by_id.values()}


def _name_key(name: str) -> str:
    return fold(name)[:150]


def _team_key(values: Mapping[str, Any]) -> str:
    return fold(values.get("team") or values.get("manager") or "")[:120]
