"""The letter of the morning: what is due today, and what is new since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filon.core import access
from filon.core.jobs import JobContext
from filon.core.models import Letter, User
from filon.core.post import letters
from filon.core.post.letters import New
from filon.leads.models import Task
from filon.notices import queries, words
from filon.notices.models import Muted
from filon.notices.queries import NoticeRow
from filon.notices.rules import DIGEST
from filon.ui import formats

EARLY: Final = timedelta(minutes=45)
"""So long before the first open hour of their team colleagues get it."""
LATEST: Final = timedelta(hours=3)
"""And so long after it at the latest, where nobody was there to write it: in the afternoon it is no news."""
_SHOWN: Final = 10
Shifts = Callable[[datetime, datetime, int | None], Iterable[tuple[datetime, datetime]]]
_shifts: Shifts | None = None


def connect(shifts: Shifts) -> None:
    """Set who knows a team's open hours between two moments; called once at start by `config`."""
    global _shifts  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _shifts = shifts


@dataclass(frozen=True, slots=True)
class Due:
    """What a colleague has planned for today: how many acts, how many of them since before today, and meetings."""

    acts: int
    late: int
    meetings: int


def run(job: JobContext) -> None:
    """The clock: whoever's day begins soon, or has begun, gets the letter of today, once."""
    write(job.at)


def write(at: datetime) -> int:
    """Write the letters of this morning that are due and not yet written; how many. Nobody gets an empty one, nor one
    before they have signed in for the first time."""
    today = timezone.localdate(at)
    known = set(
        Letter.objects.filter(key__startswith="digest:", key__endswith=f":{today}").values_list("key", flat=True)
    )
    muted = Muted.objects.filter(kind=DIGEST).values("user_id")
    wanted = User.objects.filter(is_active=True, email__isnull=False, last_login__isnull=False).exclude(pk__in=muted)
    begins: dict[int | None, bool] = {}
    written = []
    for user in wanted.order_by("pk"):
        key = f"digest:{user.pk}:{today}"
        if key in known:
            continue
        if user.team_id not in begins:
            begins[user.team_id] = _has_begun(today, user.team_id, at)
        if begins[user.team_id] and (letter := _letter(user, key, at)) is not None:
            written.append(letter)
    letters.write(written, at=at)
    return len(written)


def _has_begun(today: date, team_id: int | None, at: datetime) -> bool:
    """Whether the day of a team begins within `EARLY`, or has begun not long ago; False on days off."""
    assert _shifts is not None  # noqa: S101 — `connect` ran at start
    start = _midnight(today)
    first = next(iter(_shifts(start, start + timedelta(days=1), team_id)), None)
    return first is not None and first[0] - EARLY <= at < first[0] + LATEST


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_default_timezone())


def _letter(user: User, key: str, at: datetime) -> New | None:
    """A colleague's letter; None when there is nothing to say. Four statements."""
    due = _due(user, at)
    last = Letter.objects.filter(key__startswith=f"digest:{user.pk}:").order_by("-created_at").first()
    since = last.created_at if last is not None else at - timedelta(days=1)
    rows = queries.notices(by=access.of_user(user), only_unread=True)
    news = [row for row in rows if row.created_at > since]
    if not due.acts and not due.meetings and not news:
        return None
    with translation.override(user.language or settings.LANGUAGE_CODE):
        return New(
            key=key,
            to_name=str(user),
            to_email=user.email or "",
            subject=_subject(due, news),
            text=_text(user, due, news),
            due_at=at,
            until=at + timedelta(hours=6),
        )


def _due(user: User, at: datetime) -> Due:
    today = _midnight(timezone.localdate(at))
    is_meeting = Q(kind="meeting")
    found = Task.objects.filter(owner=user, closed_at=None, due_at__lt=today + timedelta(days=1)).aggregate(
        acts=Count("pk", filter=~is_meeting),
        late=Count("pk", filter=~is_meeting & Q(due_at__lt=today)),
        meetings=Count("pk", filter=is_meeting & Q(due_at__gte=today)),
    )
    return Due(**found)


def _subject(due: Due, news: Sequence[NoticeRow]) -> str:
    parts = [*_today(due)]
    if news:
        parts.append(ngettext("%(n)s notice", "%(n)s notices", len(news)) % {"n": formats.number(len(news))})
    return _("Your day: %(what)s") % {"what": ", ".join(parts)}


def _today(due: Due) -> list[str]:
    parts = []
    if due.meetings:
        parts.append(ngettext("%(n)s meeting", "%(n)s meetings", due.meetings) % {"n": formats.number(due.meetings)})
    if due.acts:
        text = ngettext("%(n)s act due", "%(n)s acts due", due.acts) % {"n": formats.number(due.acts)}
        if due.late:
            text += " " + ngettext("(%(n)s late)", "(%(n)s late)", due.late) % {"n": formats.number(due.late)}
        parts.append(text)
    return parts


def _text(user: User, due: Due, news: Sequence[NoticeRow]) -> str:
    parts = [_("Hello %(name)s,") % {"name": user.get_short_name()}]
    if today := _today(due):
        parts.append(_("Today: %(what)s.") % {"what": ", ".join(today)} + f"\n{_url('qualify:worklist')}")
    if news:
        lines = [f"- {words.sentence(row)}{f' · {row.company}' if row.company else ''}" for row in news[:_SHOWN]]
        if len(news) > _SHOWN:
            lines.append(_("and %(n)s more") % {"n": formats.number(len(news) - _SHOWN)})
        parts.append("\n".join([_("New:"), *lines, _url("notices:list")]))
    parts.append(_("You choose what you hear of here: %(url)s") % {"url": _url("notices:list")})
    return "\n\n".join(parts) + "\n"


def _url(name: str) -> str:
    return f"{settings.FILON_BASE_URL}{reverse(name)}"
