"""Pages of sample data: have them made, see how far that is, empty them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from filon.core.models import Job
from filon.core.web import Request
from filon.demo import banner, commands, story


@require_safe
def show(request: Request) -> HttpResponse:
    """What sample data there are, or how far their making is."""
    request.actor.require("demo.run")
    banner.forget()  # a worker has made or cleared them: this process hears of it here
    return render(request, "demo/demo.html", _state())


@require_safe
def live(request: Request) -> HttpResponse:
    """The part that moves; when the work is over it sends the page on."""
    request.actor.require("demo.run")
    state = _state()
    response = render(request, "demo/_live.html", state)
    if state["phase"] in {"there", "empty"}:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def start(request: Request) -> HttpResponseRedirect:
    """Have sample data made by a worker."""
    commands.order_sample(by=request.actor, at=timezone.now(), adds="add" in request.POST)
    return redirect("demo")


@require_POST
def clear(request: Request) -> HttpResponseRedirect:
    """Have sample data taken away by a worker."""
    commands.order_clearing(by=request.actor, at=timezone.now())
    return redirect("demo")


def _state() -> dict[str, Any]:
    """phase: making, clearing, there, broken (a try that failed) or empty."""
    job = Job.objects.filter(name__in=(commands.MAKE_JOB, commands.CLEAR_JOB)).order_by("-pk").first()
    imported = commands.sample()
    if job is not None and job.state in {Job.State.WAITING, Job.State.RUNNING}:
        left = job.progress.get("seconds_left")
        return {
            "phase": "making" if job.name == commands.MAKE_JOB else "clearing",
            "done": job.progress.get("done", 0),
            "total": job.progress.get("total") or (story.USUAL if job.name == commands.MAKE_JOB else None),
            "left": timedelta(seconds=left) if left is not None else None,
            "is_waiting": job.state == Job.State.WAITING,
        }
    if imported is None:
        return {"phase": "empty", "has_own": commands.has_own_data(), "usual": story.USUAL, "job": job}
    if imported.state == imported.State.DONE:
        return {"phase": "there", "imported": imported, "counts": commands.counts(imported)}
    return {"phase": "broken", "imported": imported, "job": job}
