"""Is it alive, is it ready, how is it doing: for machines, and the health page for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from filon.core import health, inbox, job_commands, metrics, schema
from filon.core.models import InboxEntry, Job
from filon.core.post import letters
from filon.core.waiting import HELD
from filon.core.web import Request

SHOWN: Final = 100
_TEXT: Final = "text/plain; charset=utf-8"
_ready: set[str] = set()


@login_not_required
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type=_TEXT)


@login_not_required
@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """The database answers and its tables are those of this version (looked at once)."""
    try:
        health.engine()
        if not _ready:
            if schema.missing():
                return HttpResponse("run: filon migrate\n", status=503, content_type=_TEXT)
            _ready.add("schema")
    except DatabaseError:
        return HttpResponse("database\n", status=503, content_type=_TEXT, headers={"Retry-After": "5"})
    return HttpResponse("ok\n", content_type=_TEXT)


@login_not_required
@never_cache
@require_safe
def prometheus(_request: HttpRequest) -> HttpResponse:
    """Prometheus' text form: jobs, inbox, leads, and the requests of this process."""
    now = timezone.now()
    found = health.counts(now)
    oldest = (now - found.oldest_waiting).total_seconds() if found.oldest_waiting else 0.0
    lines = [
        *_gauge("filon_jobs", "Jobs by state.", [(f'{{state="{state}"}}', n) for state, n in found.jobs.items()]),
        *_gauge("filon_jobs_oldest_waiting_seconds", "How long the longest waiting due job waits.", [("", oldest)]),
        *_gauge(
            "filon_inbox", "Inbox entries not done.", [(f'{{status="{name}"}}', n) for name, n in found.inbox.items()]
        ),
        *_gauge("filon_leads", "Leads, about.", [("", health.table_rows("leads_lead"))]),
        *_gauge("filon_facts", "Facts in the ledger, about.", [("", health.table_rows("core_fact"))]),
        *_gauge("filon_workers", "Workers alive.", [("", sum(one["is_alive"] for one in health.workers(now)))]),
        *metrics.request_lines(),
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _gauge(name: str, about: str, samples: Iterable[tuple[str, float]]) -> list[str]:
    return [
        f"# HELP {name} {about}",
        f"# TYPE {name} gauge",
        *(f"{name}{labels} {value:g}" for labels, value in samples),
    ]


# For people ----------------------------------------------------------------------------------------------------------


@require_safe
def page(request: Request) -> HttpResponse:
    """What waits, what failed and why, and what it all runs on."""
    request.actor.require("health.see")
    context = _live(request) | {
        "dead": _jobs(Job.State.DEAD, "-finished_at"),
        "quarantined": InboxEntry.objects.filter(status=InboxEntry.Status.QUARANTINED)
        .exclude(reason=HELD)
        .order_by("-id")[:SHOWN],
        "letters": letters.stranded(by=request.actor),
        "about": health.about(),
        "disk": health.disk(),
        "leads": health.table_rows("leads_lead"),
        "facts": health.table_rows("core_fact"),
    }
    return render(request, "core/health.html", context)


@require_safe
def live(request: Request) -> HttpResponse:
    """The part of the page that moves."""
    request.actor.require("health.see")
    return render(request, "core/_health_live.html", _live(request))


@require_POST
def retry_jobs(request: Request) -> HttpResponse:
    """Let the chosen dead jobs start anew."""
    count = job_commands.retry_jobs(_ids(request), by=request.actor, at=timezone.now())
    messages.success(request, ngettext("%(n)s job starts again.", "%(n)s jobs start again.", count) % {"n": count})
    return redirect("health")


@require_POST
def cancel_jobs(request: Request) -> HttpResponse:
    """Stop the chosen jobs."""
    count = job_commands.cancel_jobs(_ids(request), by=request.actor, at=timezone.now())
    messages.success(request, ngettext("%(n)s job stopped.", "%(n)s jobs stopped.", count) % {"n": count})
    return redirect("health")


@require_POST
def replay_inbox(request: Request) -> HttpResponse:
    """Take the chosen quarantined entries down the line again."""
    became = inbox.replay(_ids(request), by=request.actor, at=timezone.now())
    done = sum(outcome == "done" for outcome in became.values())
    if done:
        told = ngettext("%(n)s entry went through.", "%(n)s entries went through.", done)
        messages.success(request, told % {"n": done})
    if failed := len(became) - done:
        told = ngettext("%(n)s entry failed again.", "%(n)s entries failed again.", failed)
        messages.warning(request, told % {"n": failed})
    return redirect("health")


@require_POST
def send_letters(request: Request) -> HttpResponse:
    """Have the chosen letters sent after all."""
    count = letters.send_again(_ids(request), by=request.actor, at=timezone.now())
    messages.success(
        request, ngettext("%(n)s letter is sent again.", "%(n)s letters are sent again.", count) % {"n": count}
    )
    return redirect("health")


def _live(request: Request) -> dict[str, Any]:
    now = timezone.now()
    found = health.counts(now)
    running = _jobs(Job.State.RUNNING, "run_at")
    for job in running:
        left = job.progress.get("seconds_left")
        job.left = timedelta(seconds=left) if left is not None else None  # type: ignore[attr-defined]
    return {
        "counts": found,
        "running": running,
        "workers": health.workers(now),
        "may_change": request.actor.may("jobs.change"),
    }


def _jobs(state: Job.State, order: str) -> list[Job]:
    return list(Job.objects.filter(state=state).order_by(order, "id")[:SHOWN])


def _ids(request: Request) -> list[int]:
    return [int(one) for one in request.POST.getlist("ids") if one.isdecimal()][:1000]
