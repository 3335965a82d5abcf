"""`filon score`: why a lead has its score, and computing all scores anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from filon.cli.frame import command, say


@click.group("score")
def score() -> None:
    """Explain and recompute scores."""


@score.command("explain")
@click.argument("lead", type=int)
@click.option("--at", "moment", default="", metavar="TIME", help="A past day or time, such as 2026-03-01 or …T14:30.")
@command
def explain(lead: int, moment: str) -> dict[str, Any]:
    """The lines that add up to a lead's scores, now or at a past time. LEAD is its number."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from filon.core.access import SYSTEM
    from filon.scoring import queries
    from filon.scoring.api import as_json
    from filon.ui import formats

    at = _moment(moment) if moment else timezone.now()
    found = queries.explain(lead, at=at, by=SYSTEM)
    told = {"grade": found.grade, "lead": lead, "at": formats.exact(at), "version": found.version}
    say(_("%(grade)s  lead %(lead)s, %(at)s, rules version %(version)s") % told)
    say(_("Fit") + f" {found.fit}")
    for fit_line in found.fit_lines:
        erased = "  " + _("(a value was erased since)") if fit_line.is_erased else ""
        name = fit_line.name or _("limit of 0 to 100")
        say(f"  {fit_line.points:>+7}  {name}{erased}")
    say(_("Engagement") + f" {found.engagement}")
    for line in found.engagement_lines:
        what = _("%(name)s, over the cap") % {"name": line.name} if line.is_cap else line.name
        seen = _("%(count)s, last on %(day)s") % {"count": line.count, "day": formats.day(line.last_at)}
        say(f"  {line.points:>+7}  {what} ({seen})")
    for hint in found.hints:
        say(
            _("%(points)s → %(grade)s with: %(name)s")
            % {
                "points": f"{hint.points:>+7}",
                "grade": hint.grade,
                "name": hint.name,
            }
        )
    return as_json(found)


def _moment(text: str) -> datetime:
    """A time as typed; the end of a day when only the day is given. In the workspace's zone unless it says another."""
    from datetime import time

    from django.utils import timezone

    try:
        if len(text) == len("2026-03-01"):
            return timezone.make_aware(datetime.combine(datetime.fromisoformat(text).date(), time.max))
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time such as 2026-03-01T14:30", param_hint="--at") from None
    return at if timezone.is_aware(at) else timezone.make_aware(at)


@score.command("recompute")
@command
def recompute() -> dict[str, Any]:
    """Compute every score anew from the ledger, by the rules in force."""
    from django.utils import timezone

    from filon.cli.frame import Progress
    from filon.core.access import SYSTEM
    from filon.core.jobs import run_one
    from filon.core.models import Job
    from filon.leads.models import Lead
    from filon.scoring import rescoring

    job_id = rescoring.recompute_all(by=SYSTEM, at=timezone.now())
    if job_id is None:
        raise click.ClickException("Scores are being computed anew already: see the health page for its progress.")
    progress = Progress("leads", Lead.objects.count())
    outcome = run_one(job_id)
    progress.end()
    job = Job.objects.get(pk=job_id)
    if outcome in {"failed", "lost"}:
        raise click.ClickException(f"The recomputation stopped ({job.error or outcome}); a worker tries it again.")
    leads = int(job.progress.get("done", 0))
    say(f"{leads} leads" if outcome == "done" else "A worker computes them: see the health page for its progress.")
    return {"leads": leads, "outcome": outcome, "job_id": job_id}
