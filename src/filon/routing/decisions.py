"""Where a lead goes and who gets it: the account first, then the rules in their order. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

NURTURE: Final = "nurture"
ROLE_OF: Final[Mapping[str, str]] = {"sdr": "sdr", "direct_sales": "sales"}
"""Who takes the leads of a route that leads to a human."""

TO: Final = ("team", "owner", "account_owner", "nobody")
"""To whom a rule gives: by turns in a team, one colleague, whoever owns the account, or nobody yet."""

OWNER_GIVEN: Final = "owner_given"
CUSTOMER: Final = "customer"
OPEN_DEAL: Final = "open_deal"
SAME_ACCOUNT: Final = "same_account"
RULE: Final = "rule"
DEFAULT: Final = "default"

_GOOD_FIT: Final = ("A", "B")

Pool: TypeAlias = tuple[str, int | None]
"""Who takes turns: a role, in one team or in all."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When `when` (a condition) holds, the lead takes `route`. `to_id`: the team (none: all) or the colleague.

    minutes: the open time promised, or None for the set's own.
    """

    name: str
    when: str
    route: str
    to: str = "team"
    to_id: int | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in order, and the open minutes promised to those who asked for us and to the others."""

    version: int
    rules: tuple[Rule, ...]
    minutes_asked: int = 60
    minutes_other: int = 480


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone who may get leads. room: how many more, or None without limit."""

    id: int
    name: str
    role: str
    team_id: int | None = None
    is_away: bool = False
    room: int | None = None


class Candidate(NamedTuple):
    """What deciding needs to know of a lead. `lead` is its row, of which the desk makes what conditions read."""

    lead: Any
    company_id: int | None = None
    owner_id: int | None = None
    has_asked: bool = False
    grade: str = ""
    stage: str = "captured"


class Decision(NamedTuple):
    """Where to, to whom, why, and the open minutes promised (None: nothing is). `rule` counts from 1."""

    route: str
    why: str
    owner_id: int | None = None
    team_id: int | None = None
    rule: int = 0
    rule_name: str = ""
    minutes: int | None = None


def goes_back_to_nurturing(from_stage: str, to_stage: str) -> bool:
    """Whether a passage takes a lead from people back to nurturing; a new one is only sent there."""
    return to_stage == "nurturing" and from_stage != "captured"


def rule_of(values: Mapping[str, Any]) -> Rule:
    """A rule as it is kept in the database."""
    return Rule(
        name=values["name"],
        when=values["when"],
        route=values["route"],
        to=values.get("to", "team"),
        to_id=values.get("to_id"),
        minutes=values.get("minutes"),
    )


def values_of(rule: Rule) -> dict[str, Any]:
    """A rule as the database keeps it."""
    return {
        "name": rule.name,
        "when": rule.when,
        "route": rule.route,
        "to": rule.to,
        "to_id": rule.to_id,
        "minutes": rule.minutes,
    }


class Rotation:
    """Turns in one pool: whoever was served longest ago is next, so while the same colleagues take part nobody is
    ever more than one lead ahead. A newcomer is next once; who comes back takes up their old place, and owes nothing.

    last: turn at which each was last served. turns: how many were given so far.
    """

    def __init__(self, members: Iterable[int], last: Mapping[int, int], turns: int) -> None:
        self._waiting = deque(sorted(members, key=lambda member: (last.get(member, 0), member)))
        self.turns = turns
        self.last: dict[int, int] = {}
        self.served: dict[int, int] = {}

    def take(self, has_room: Callable[[int], bool]) -> int | None:
        """Who gets the next lead; None when nobody is there who has room. The full ones step out of the line."""
        while self._waiting:
            member = self._waiting.popleft()
            if has_room(member):
                self._waiting.append(member)
                self.turns += 1
                self.last[member] = self.turns
                self.served[member] = self.served.get(member, 0) + 1
                return member
        return None


@dataclass(slots=True)
class Desk:
    """Decides one lead after the other, each knowing what became of those before it.

    tests: one a rule, in order. accounts: company → (owner, why), what the account rule says before this batch.
    rotations: one for each pool the rules draw from. subject_of: what the tests read, made of a lead's row; only leads
    that come as far as the rules need it.
    """

    rules: RuleSet
    tests: Sequence[Callable[[Any, datetime], bool]]
    colleagues: Mapping[int, Colleague]
    accounts: dict[int, tuple[int, str]]
    rotations: Mapping[Pool, Rotation]
    account_owners: Mapping[int, int] = field(default_factory=dict)
    subject_of: Callable[[Any], Any] = lambda lead: lead
    _taken: dict[int, int] = field(default_factory=dict)

    def decide(self, candidate: Candidate, at: datetime) -> Decision:
        """Where this lead goes and who gets it; the next lead of its account follows it."""
        decision = self._given(candidate) or self._account(candidate) or self._by_rule(candidate, at)
        owner_id = decision.owner_id
        if owner_id is not None:
            self._taken[owner_id] = self._taken.get(owner_id, 0) + 1
            if candidate.company_id is not None:
                self.accounts.setdefault(candidate.company_id, (owner_id, SAME_ACCOUNT))
        return decision

    def _given(self, candidate: Candidate) -> Decision | None:
        """Somebody said whose lead it is: no rule takes it away."""
        owner = self.colleagues.get(candidate.owner_id) if candidate.owner_id is not None else None
        return self._to_owner(candidate, owner, OWNER_GIVEN) if owner else None

    def _account(self, candidate: Candidate) -> Decision | None:
        found = self.accounts.get(candidate.company_id) if candidate.company_id is not None else None
        if found is None or found[0] not in self.colleagues:
            return None
        return self._to_owner(candidate, self.colleagues[found[0]], found[1])

    def _to_owner(self, candidate: Candidate, owner: Colleague, why: str) -> Decision:
        route = "sdr" if owner.role == "sdr" else "direct_sales"
        return Decision(route, why, owner.id, owner.team_id, minutes=self._minutes(candidate, None))

    def _by_rule(self, candidate: Candidate, at: datetime) -> Decision:
        subject = self.subject_of(candidate.lead)
        for position, test in enumerate(self.tests):
            if test(subject, at):
                return self._apply(candidate, self.rules.rules[position], position + 1)
        return self._default(candidate)

    def _apply(self, candidate: Candidate, rule: Rule, number: int) -> Decision:
        owner_id = self._owner_of(candidate, rule)
        owner = self.colleagues.get(owner_id) if owner_id is not None else None
        team_id = owner.team_id if owner else rule.to_id if rule.to == "team" else None
        minutes = None if rule.route == NURTURE else self._minutes(candidate, rule.minutes)
        return Decision(rule.route, RULE, owner_id, team_id, number, rule.name, minutes)

    def _owner_of(self, candidate: Candidate, rule: Rule) -> int | None:
        if rule.to == "team" and rule.route in ROLE_OF:
            return self._next((ROLE_OF[rule.route], rule.to_id))
        if rule.to == "owner":
            return rule.to_id if rule.to_id in self.colleagues else None
        if rule.to == "account_owner" and candidate.company_id is not None:
            owner_id = self.account_owners.get(candidate.company_id)
            return owner_id if owner_id in self.colleagues else None
        return None

    def _default(self, candidate: Candidate) -> Decision:
        """No rule spoke: who fits and asked for us is called, and so is an MQL; the others are nurtured."""
        is_called = candidate.has_asked and candidate.grade.startswith(_GOOD_FIT)
        if not is_called and candidate.stage != "mql":
            return Decision(NURTURE, DEFAULT)
        owner_id = self._next(("sdr", None))
        team_id = self.colleagues[owner_id].team_id if owner_id is not None else None
        return Decision("sdr", DEFAULT, owner_id, team_id, minutes=self._minutes(candidate, None))

    def _next(self, pool: Pool) -> int | None:
        rotation = self.rotations.get(pool)
        return rotation.take(self._has_room) if rotation else None

    def _has_room(self, member: int) -> bool:
        room = self.colleagues[member].room
        return room is None or self._taken.get(member, 0) < room

    def _minutes(self, candidate: Candidate, own: int | None) -> int:
        return own or (self.rules.minutes_asked if candidate.has_asked else self.rules.minutes_other)


def pools(rules: RuleSet) -> list[Pool]:
    """The pools that these rules, or the default, may draw from."""
    drawn = {(ROLE_OF[rule.route], rule.to_id) for rule in rules.rules if rule.to == "team" and rule.route in ROLE_OF}
    return sorted(drawn | {("sdr", None)}, key=pool_name)


def pool_name(pool: Pool) -> str:
    """A pool as its counter is named."""
    role, team_id = pool
    return role if team_id is None else f"{role}:{team_id}"


def members(pool: Pool, colleagues: Iterable[Colleague]) -> list[int]:
    """Who takes part in a pool today: those of its role and team who are here and have room."""
    role, team_id = pool
    return [
        one.id
        for one in colleagues
        if one.role == role and team_id in (None, one.team_id) and not one.is_away and one.room != 0
    ]
