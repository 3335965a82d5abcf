"""Wires the house when Django is ready."""

from django.apps import AppConfig


class HouseConfig(AppConfig):
    """Hands `flow.py` to core."""

    name = "filon.config"
    label = "house"

    def ready(self) -> None:
        """Wire."""
        from filon import flow  # noqa: PLC0415 — models must be loaded first
        from filon.capture.imports import undo  # noqa: PLC0415
        from filon.capture.tracking import passing  # noqa: PLC0415
        from filon.config import bulk_owners, record_names, searching, working_hours  # noqa: PLC0415
        from filon.core import inbox, jobs, ledger, line  # noqa: PLC0415
        from filon.deals.queries import leads_with_deals, open_deal_owners  # noqa: PLC0415
        from filon.demo.banner import banner  # noqa: PLC0415
        from filon.handoff import commands as handoff  # noqa: PLC0415
        from filon.handoff import queries as handoffs  # noqa: PLC0415
        from filon.home import panels as homes  # noqa: PLC0415
        from filon.leads import fields, moving, panels, standing  # noqa: PLC0415
        from filon.leads.bulk import acts as bulk_acts  # noqa: PLC0415
        from filon.leads.card import facts, head  # noqa: PLC0415
        from filon.leads.search import sources as search_sources  # noqa: PLC0415
        from filon.measure.lake import sources  # noqa: PLC0415
        from filon.nurture import words as nurture_words  # noqa: PLC0415
        from filon.nurture.answers import arrivals  # noqa: PLC0415
        from filon.nurture.sequences import walking  # noqa: PLC0415
        from filon.qualify import commands as qualify  # noqa: PLC0415
        from filon.routing import desk  # noqa: PLC0415
        from filon.scoring import versions  # noqa: PLC0415
        from filon.ui import context  # noqa: PLC0415

        line.connect(flow.LINES)
        undo.connect(flow.MADE_BY_IMPORTS, flow.GIVE_BACK, flow.AFTER_UNDO)
        inbox.connect(flow.UNDERSTAND)
        ledger.connect(flow.NOW, flow.LATER, jobs.enqueue_reaction)
        jobs.connect(flow.JOBS, flow.CLOCKS)
        fields.connect(versions.half_life_days)
        facts.connect(record_names.elsewhere())
        head.connect(working_hours.open_time, (handoffs.next_step, nurture_words.next_step))
        panels.connect(flow.PANELS)
        desk.connect(open_deal_owners)
        moving.connect(leads_with_deals)
        bulk_acts.connect(bulk_owners.assign, bulk_owners.give_back)
        qualify.connect(working_hours.shifts_of)
        walking.connect(working_hours.shifts_of)
        arrivals.connect(passing.destination)
        handoff.connect(working_hours.shifts_of)
        standing.connect(leads_with_deals)
        search_sources.connect(searching.SOURCES)
        sources.connect(working_hours.shifts)
        context.connect(banner)
        homes.connect(flow.HOMES)
        _connect_days()


def _connect_days() -> None:
    """What colleagues' days are made of: meetings, letters, mails, files."""
    from filon.config import post_sender, working_hours  # noqa: PLC0415
    from filon.core.post import letters  # noqa: PLC0415
    from filon.deals import scope as deals  # noqa: PLC0415
    from filon.deals.forecast import figure as forecast  # noqa: PLC0415
    from filon.files import commands as files  # noqa: PLC0415
    from filon.mailboxes import telling, writing  # noqa: PLC0415
    from filon.measure import elsewhere  # noqa: PLC0415
    from filon.meetings import free_times  # noqa: PLC0415
    from filon.notices import digest  # noqa: PLC0415
    from filon.nurture.answers import returning  # noqa: PLC0415
    from filon.nurture.writing import queries as templates  # noqa: PLC0415

    letters.connect(post_sender.sender)
    elsewhere.connect({"forecast": elsewhere.Elsewhere(forecast.SPLITS, forecast.rows)})
    free_times.connect(working_hours.shifts_of, working_hours.absences)
    digest.connect(working_hours.shifts_of)
    telling.connect(returning.lead_answered)
    returning.connect(telling.tell_dropped)
    writing.connect(templates.named, templates.as_letter)
    files.connect({"opportunity": files.Other("deals.change", deals.seen, "deals_opportunity")})
