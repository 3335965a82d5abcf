"""Pages of imports: upload, mapping with preview, dry run, progress, rejects, undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from filon.capture.imports import commands, mapping, notices, pasted, queries
from filon.capture.imports import undo as undoing
from filon.capture.imports.fields import KINDS
from filon.capture.imports.rejects import lines
from filon.capture.models import Import
from filon.core import jobs
from filon.core.web import Request
from filon.kit.errors import Kind, Refused
from filon.leads.findings.words import said_of
from filon.leads.models import Finding, Lead


def _kinds() -> list[dict[str, str]]:
    return [
        {"value": "leads", "label": _("Leads"), "text": _("People and their interest: a base, a list from a stand.")},
        {"value": "companies", "label": _("Companies"), "text": _("Accounts with sector, size, SIREN, owner.")},
        {"value": "opportunities", "label": _("Opportunities"), "text": _("Deals with amount, stage, dates, product.")},
        {"value": "events", "label": _("Acts"), "text": _("Calls, e-mails, meetings, notes, tasks, page views.")},
        {"value": "costs", "label": _("Costs"), "text": _("What channels and campaigns cost, by day or period.")},
        {"value": "products", "label": _("Products"), "text": _("Names, series, prices.")},
        {"value": "users", "label": _("Colleagues"), "text": _("Sellers, teams, managers. They cannot sign in yet.")},
    ]


def _modes() -> list[dict[str, str]]:
    return [
        {
            "value": "history",
            "label": _("History"),
            "text": _("An old base, written at its own dates. No owner, clock, scenario, message or notification."),
        },
        {
            "value": "live",
            "label": _("Live"),
            "text": _("New leads. They are routed, and first-contact clocks start."),
        },
    ]


@require_GET
def show_all(request: Request) -> HttpResponse:
    """The latest imports."""
    return render(request, "capture/imports/list.html", {"imports": queries.imports(request.actor)})


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Choose a file, or paste rows, and say what they are."""
    request.actor.require("imports.run")
    context: dict[str, Any] = {
        "kinds": _kinds(),
        "kind": request.POST.get("kind") or request.GET.get("kind", "leads"),
        "presets": mapping.preset_names(),
        "preset": request.POST.get("preset", ""),
        "system": request.POST.get("system", ""),
        "rows": request.POST.get("rows", ""),
        "error": "",
    }
    if request.method == "POST":
        file = _file_of(request)
        kind = context["kind"]
        if file is None:
            context["error"] = _("Choose a file, or paste rows.")
        elif kind not in KINDS:
            context["error"] = _("Choose what the rows of the file are.")
        elif context["preset"] and context["preset"] not in context["presets"]:
            context["error"] = _("Choose a preset of the list.")  # never a path on this machine
        else:
            options = commands.Options(kind=kind, preset=context["preset"], system=context["system"])
            try:
                imported = commands.create_import(file, file.name or "", options, by=request.actor, at=timezone.now())
            except Refused as refused:
                context["error"] = refused.message
            else:
                return redirect("imports:import", imported.pk)
    return render(request, "capture/imports/new.html", context, status=422 if context["error"] else 200)


def _file_of(request: Request) -> File[Any] | None:
    """The file that was sent, else the rows that were pasted."""
    rows = pasted.as_file(request.POST.get("rows", ""))
    return request.FILES.get("file") or (ContentFile(rows, name=pasted.NAME) if rows else None)


@require_GET
def show(request: Request, import_id: int) -> HttpResponse:
    """One import: its mapping while planned, its progress while it runs, its result when it is in."""
    imported = queries.one(import_id, request.actor)
    context = _state(imported)
    if imported.state == Import.State.DRAFT:
        context |= {
            "notices": _notices(imported),
            "odd": [(said_of(kind, code, subject), count) for kind, code, subject, count in _odd(imported)],
            "columns": queries.columns(imported),
            "fields": queries.field_options(imported),
            "preview": queries.preview(imported),
            "modes": _modes(),
        }
    return render(request, "capture/imports/import.html", context)


@require_GET
def live(request: Request, import_id: int) -> HttpResponse:
    """The part of the page that moves."""
    imported = queries.one(import_id, request.actor)
    response = render(request, "capture/imports/_live.html", _state(imported))
    if request.GET.get("was") != _phase(imported, queries.job_of(imported)):
        response["HX-Refresh"] = "true"  # it has come to another phase: the whole page says other things
    return response


def _notices(imported: Import) -> list[str]:
    at = timezone.now()
    if imported.rehearsal is None:
        return notices.before(imported, at=at)
    undated = sum(count for _kind, code, _subject, count in _odd(imported) if code == notices.UNDATED)
    return notices.after(imported, undated, at=at)


def _odd(imported: Import) -> list[tuple[str, str, str, int]]:
    """What the dry run found: kind, code, subject, how often. Dry runs kept by an older version told no kind."""
    found = (imported.rehearsal or {}).get("findings", [])
    return [(*finding,) for finding in found if len(finding) == 4]


def _state(imported: Import) -> dict[str, Any]:
    job = queries.job_of(imported)
    told = job.progress if job else {}
    left = told.get("seconds_left")
    return {
        "imported": imported,
        "job": job,
        "phase": _phase(imported, job),
        "done": told.get("done", imported.done_rows),
        "total": told.get("total"),
        "rate": told.get("rate"),
        "left": timedelta(seconds=left) if left else None,
        "rejects": list(imported.rejects.order_by("number")[:50]),
        "findings": [
            (said_of(one.kind, one.code, one.subject), one.count)
            for one in Finding.objects.filter(import_id=imported.pk).order_by("-count")[:20]
        ],
        "leads_url": _leads_url(imported),
    }


def _leads_url(imported: Import) -> str:
    """The list of the leads that an import has made; empty when there are none."""
    if not Lead.objects.filter(import_id=imported.pk).exists():
        return ""
    return f"{reverse('leads:list')}?{urlencode({'filter': f'import_id = {imported.pk}'})}"


def _phase(imported: Import, job: Any) -> str:
    """draft, rehearsing, running, undoing, done, failed, cancelled or undone."""
    if job is not None and job.state in {"waiting", "running"} and imported.state == Import.State.DRAFT:
        return "rehearsing"
    return "running" if imported.state == Import.State.WAITING else str(imported.state)


@require_POST
def change_map(request: Request, import_id: int) -> HttpResponse:
    """Say what the columns are, and whether this is live or history."""
    imported = queries.one(import_id, request.actor)
    said = request.POST
    pairs = [(one.name, said.get(f"field-{one.number}", one.field)) for one in queries.columns(imported)]
    mode = request.POST.get("mode", imported.mode)
    commands.replan(imported, pairs, mode="live" if mode == "live" else "history", by=request.actor)
    if request.POST.get("then") == "rehearse":
        return rehearse(request, import_id)
    if request.POST.get("then") == "start":
        return start(request, import_id)
    messages.success(request, _("The mapping is saved."))
    return redirect("imports:import", import_id)


@require_POST
def rehearse(request: Request, import_id: int) -> HttpResponse:
    """Count in the background what the import would do."""
    imported = queries.one(import_id, request.actor)
    with transaction.atomic():
        _enqueue("capture.rehearse", imported.pk)
    return redirect("imports:import", import_id)


@require_POST
def start(request: Request, import_id: int) -> HttpResponse:
    """Let the import run."""
    with transaction.atomic():
        commands.start_import(import_id, by=request.actor)
        _enqueue("capture.import", import_id)
    return redirect("imports:import", import_id)


@require_POST
def stop(request: Request, import_id: int) -> HttpResponse:
    """Ask the import to stop after its chunk."""
    commands.cancel_import(import_id, by=request.actor)
    return redirect("imports:import", import_id)


@require_POST
def undo(request: Request, import_id: int) -> HttpResponse:
    """Take the whole import back."""
    with transaction.atomic():
        undoing.start_undo(import_id, by=request.actor, at=timezone.now())
        _enqueue("capture.undo", import_id)
    return redirect("imports:import", import_id)


@require_POST
def forget(request: Request, import_id: int) -> HttpResponse:
    """Throw a planned import away."""
    commands.forget_draft(import_id, by=request.actor)
    messages.info(request, _("The planned import was thrown away."))
    return redirect(reverse("imports:list"))


@require_GET
def rejects(request: Request, import_id: int) -> StreamingHttpResponse:
    """The rejected rows as a file."""
    imported = queries.one(import_id, request.actor)
    response = StreamingHttpResponse(lines(imported), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="rejects-{imported.pk}.csv"'
    return response


def _enqueue(name: str, import_id: int) -> None:
    """One job at a time works on an import. Raises Refused while another one does, in the transaction of the change:
    else the import would wait for a job that nobody has asked for."""
    key = f"capture.import:{import_id}"
    if jobs.enqueue(name, {"import_id": import_id}, at=timezone.now(), key=key) is None:
        working = queries.job_at_work(import_id)
        if working is not None and working.name != name:
            raise Refused(_("Something else is being done with this import. Wait until it is over."), Kind.CONFLICT)
