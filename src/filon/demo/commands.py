"""Filling a workspace with sample data, and emptying it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from filon.capture.events import ImportFinished
from filon.capture.imports import undo
from filon.capture.models import Cost, Import
from filon.core import jobs, ledger
from filon.core.access import Actor
from filon.core.colleagues import NO_SIGN_IN
from filon.core.models import Fact, Job, Team, User
from filon.deals.models import Opportunity, Product, StageName
from filon.demo import banner, story
from filon.demo.recording import Recorder
from filon.kit import sql
from filon.kit.errors import Kind, Refused
from filon.kit.text import fold
from filon.leads.models import Campaign, Company, Finding, Lead, Person

KIND: Final = "demo"
"""The kind of the import whose rows sample data are."""

MAKE_JOB: Final = "demo.make"
CLEAR_JOB: Final = "demo.clear"
MOST: Final = 100_000
_NAME: Final = gettext_noop("Sample data")
_OPEN: Final = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is: leads told (or rows taken back) so far, and about how many there will be."""

    done: int
    total: int


# What there is --------------------------------------------------------------------------------------------------------


def sample() -> Import | None:
    """The import that sample data belong to, whole or not; None when there are none."""
    for imported in Import.objects.filter(kind=KIND).order_by("-pk")[:5]:
        if imported.state != Import.State.UNDONE or imported.plan.get("made"):
            return imported
    return None


def has_own_data() -> bool:
    """Whether the workspace holds records that are no sample data."""
    samples = Import.objects.filter(kind=KIND).values("pk")
    tables = (Lead, Person, Company, Opportunity, Cost)
    return any(model._default_manager.exclude(import_id__in=samples).exists() for model in tables)


def counts(imported: Import) -> dict[str, int]:
    """How many records of each kind the sample has. One statement."""
    made = imported.plan.get("made", {})
    found = sql.fetch(
        " UNION ALL ".join(
            f"SELECT '{name}', COUNT(*) FROM {model._meta.db_table} WHERE import_id = %s"
            for name, model in _COUNTED.items()
        ),
        [imported.pk] * len(_COUNTED),
    )
    return {
        "colleagues": len(made.get("users", ())),
        "campaigns": len(made.get("campaigns", ())),
        **dict(found),
    }


_COUNTED: Final[Mapping[str, type[Model]]] = {
    "products": Product,
    "companies": Company,
    "people": Person,
    "leads": Lead,
    "opportunities": Opportunity,
    "costs": Cost,
    "facts": Fact,
    "findings": Finding,
}


# Making them ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def order_sample(*, by: Actor, at: datetime, adds: bool = False) -> None:
    """Let a worker fill the workspace. Needs `demo.run`. Raises Refused as `make_sample` does."""
    _check(story.USUAL, by=by, adds=adds)
    arguments = {"adds": adds, "user_id": by.id if by.kind == "user" else None}
    jobs.enqueue(MAKE_JOB, arguments, at=at, key=MAKE_JOB)


def make_sample(
    *, leads: int = story.USUAL, seed: int = 1, by: Actor, at: datetime, adds: bool = False, job_id: int | None = None
) -> Iterator[Progress]:
    """Fill the workspace with the year before `at`, yielding as it goes. adds: also beside records of one's own.

    The same seed, number of leads and `at` give the same year. What an earlier, unfinished try has left is taken back
    first. Needs `demo.run`. Raises Refused when there are sample data already, when there are other records and
    `adds` is not given, or when a worker is at it. job_id: of the job that runs this.
    """
    _check(leads, by=by, adds=adds, job_id=job_id)
    if (leftover := sample()) is not None:
        yield from _take_back(leftover, by=by, at=at)
    script = story.write(seed, leads, at, settings.TIME_ZONE)
    imported = _begin(script, leads, by=by)
    recorder = Recorder(script, imported.pk)
    try:
        for done in recorder.run():
            Import.objects.filter(pk=imported.pk).update(done_rows=done, rows=done, created=done)
            yield Progress(done, leads)
    except BaseException as error:
        _keep_made(imported, recorder, state=Import.State.FAILED, error=sql.in_short(error))
        raise
    _finish(imported, recorder, by=by, at=at)
    banner.forget()


def _check(leads: int, *, by: Actor, adds: bool, job_id: int | None = None) -> None:
    by.require("demo.run")
    if not story.LEAST <= leads <= MOST:
        raise Refused(_("From %(least)s to %(most)s leads.") % {"least": story.LEAST, "most": MOST}, code="leads")
    _check_quiet(job_id)
    present = sample()
    if present is not None and present.state == Import.State.DONE:
        raise Refused(
            _("There are sample data already. To get others, empty them first: filon demo --clear"),
            Kind.CONFLICT,
            code="sample_there",
        )
    if not adds and has_own_data():
        raise Refused(
            _(
                "This workspace holds records of your own. Sample data would stand among them; to have it so all the "
                "same: filon demo --add"
            ),
            Kind.CONFLICT,
            code="own_data",
        )


def _check_quiet(job_id: int | None) -> None:
    """Raise Refused while another job than this one is at it."""
    open_ones = Job.objects.filter(name__in=(MAKE_JOB, CLEAR_JOB), state__in=_OPEN).values_list("pk", flat=True)
    if set(open_ones) - {job_id}:
        message = _("Sample data are being made or taken away: wait until that is done.")
        raise Refused(message, Kind.CONFLICT, code="busy")


def _begin(script: story.Story, leads: int, *, by: Actor) -> Import:
    plan = {"seed": script.seed, "leads": leads, "at": script.at.isoformat(), "made": {}}
    return Import.objects.create(
        kind=KIND,
        file_name=_(_NAME),
        system=KIND,
        mode="history",
        plan=plan,
        state=Import.State.RUNNING,
        expected_rows=leads,
        author_id=by.id if by.kind == "user" else None,
        created_at=script.at,
        started_at=script.at,
    )


def _finish(imported: Import, recorder: Recorder, *, by: Actor, at: datetime) -> None:
    with transaction.atomic():
        _keep_made(imported, recorder, state=Import.State.DONE, finished_at=at)
        done = ImportFinished(
            at=at, imported_id=imported.pk, of=KIND, created=imported.created, updated=0, unchanged=0, rejected=0
        )
        ledger.append([done], by=by, learnt_at=at)


def _keep_made(imported: Import, recorder: Recorder, **more: Any) -> None:
    """Remember what was made that carries no import of its own, so that emptying finds it."""
    imported.refresh_from_db()
    imported.plan = {**imported.plan, "made": recorder.made}
    for name, value in more.items():
        setattr(imported, name, value)
    imported.save(update_fields=["plan", *more])


# Emptying -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def order_clearing(*, by: Actor, at: datetime) -> None:
    """Let a worker take the sample data away. Needs `demo.run`. Raises Refused as `clear_sample` does."""
    _sample_to_clear(by)
    jobs.enqueue(CLEAR_JOB, {"user_id": by.id if by.kind == "user" else None}, at=at, key=CLEAR_JOB)


def clear_sample(*, by: Actor, at: datetime, job_id: int | None = None) -> Iterator[Progress]:
    """Take all sample data away, yielding as it goes; records of one's own stay. A killed one goes on where it was.

    What people tried on sample records goes with them. Colleagues who can sign in by now, and what records of one's own
    rest on, stay. Needs `demo.run`. Raises Refused when there are none, or a worker is at it.
    """
    yield from _take_back(_sample_to_clear(by, job_id=job_id), by=by, at=at)


def _sample_to_clear(by: Actor, *, job_id: int | None = None) -> Import:
    by.require("demo.run")
    _check_quiet(job_id)
    imported = sample()
    if imported is None:
        raise Refused(_("There are no sample data here."), Kind.NOT_FOUND, code="no_sample")
    return imported


def _take_back(imported: Import, *, by: Actor, at: datetime) -> Iterator[Progress]:
    if imported.state != Import.State.UNDONE:
        if imported.state in {Import.State.RUNNING, Import.State.WAITING}:  # its maker was killed
            Import.objects.filter(pk=imported.pk).update(state=Import.State.FAILED)
        undo.start_undo(imported.pk, by=by, at=at)
        for step in undo.run_undo(imported.pk, at=at, keeps_worked=False):
            yield Progress(step.gone, imported.created)
    _take_back_rest(imported)
    banner.forget()


@transaction.atomic
def _take_back_rest(imported: Import) -> None:
    """What an undo does not know of: colleagues, teams, campaigns, products, stage names, findings, what was said."""
    made: dict[str, list[int]] = imported.plan.get("made", {})
    mine = imported.pk
    sql.execute("DELETE FROM core_factdetail WHERE fact_id IN (SELECT id FROM core_fact WHERE import_id = %s)", [mine])
    Finding.objects.filter(import_id=mine).delete()
    used = Opportunity.objects.exclude(product=None).values("product")
    Product.objects.filter(import_id=mine).exclude(pk__in=used).delete()
    campaigns = Campaign.objects.filter(pk__in=made.get("campaigns", ()))
    campaigns = campaigns.exclude(pk__in=Lead.objects.exclude(campaign=None).values("campaign"))
    campaigns.exclude(pk__in=Cost.objects.exclude(campaign=None).values("campaign")).delete()
    users = User.objects.filter(pk__in=made.get("users", ()), password__startswith=NO_SIGN_IN, last_login=None)
    names = list(users.exclude(team=None).values_list("team", flat=True))
    users.delete()
    Team.objects.filter(pk__in=names, members=None).delete()
    unknown = [fold(name) for name in story.UNKNOWN_STAGES]
    StageName.objects.filter(name_folded__in=unknown, stage=None).delete()
    imported.refresh_from_db()
    imported.plan = {**imported.plan, "made": {}}
    imported.save(update_fields=["plan"])
