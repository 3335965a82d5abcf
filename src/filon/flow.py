"""The product on one page: the steps of the line, every fact with its reactions, every clock that ticks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from filon.capture import doors
from filon.capture.costs import commands as costs
from filon.capture.forms import visitor
from filon.capture.imports import home as imports_home
from filon.capture.imports import jobs as import_jobs
from filon.capture.models import Cost
from filon.capture.tracking import commands as tracking
from filon.capture.tracking import visits
from filon.core import colleagues, purge, waiting
from filon.core import home as core_home
from filon.core.inbox import Understand
from filon.core.ledger import Event
from filon.core.line import Step
from filon.core.post import sending as post
from filon.deals import api as deals_api
from filon.deals import carry as deals_carry
from filon.deals import panels as deals_panels
from filon.deals import recording as deals
from filon.deals.catalogue import products
from filon.deals.forecast import commands as forecast
from filon.deals.listing import home as deals_home
from filon.deals.models import Opportunity, Product
from filon.demo import jobs as demo_jobs
from filon.files import commands as files
from filon.files import panels as files_panels
from filon.handoff import panels as handoff_panels
from filon.handoff import reactions as handoff
from filon.handoff.events import SqlAccepted, SqlProposed, SqlRefused
from filon.home.panels import Panel as HomePanel
from filon.leads import acts, consents, editing, records, standing, suppression, taking_back, tasks
from filon.leads import commands as leads
from filon.leads.bulk import jobs as bulk
from filon.leads.card import consent_panel
from filon.leads.events import (
    ActUndone,
    Bounced,
    CallLogged,
    ChatStarted,
    ConsentRefused,
    DemoRequested,
    EmailClicked,
    InboundCall,
    MeetingHeld,
    MessageSent,
    NoteWritten,
    OwnerChanged,
    Replied,
    StageChanged,
    StageMoveUndone,
    Submitted,
    Unsubscribed,
)
from filon.leads.findings import home as findings_home
from filon.leads.listing import home as leads_home
from filon.leads.models import Company, Lead, Person
from filon.leads.panels import Panel
from filon.leads.search import index as search
from filon.mailboxes import panels as mailboxes_panels
from filon.mailboxes import reading as mailboxes_reading
from filon.mailboxes import sending as mailboxes_sending
from filon.mailboxes import telling as mailboxes_telling
from filon.measure.insight import home as measure_home
from filon.measure.lake import refresh
from filon.meetings import calendars
from filon.meetings import panels as meetings_panels
from filon.meetings import tying as meetings
from filon.meetings.events import MeetingBooked, MeetingCancelled, MeetingMoved
from filon.notices import digest
from filon.notices import telling as notices
from filon.notices.commands import forget_old as forget_notices
from filon.nurture import carry as nurture_carry
from filon.nurture import panels as nurture_panels
from filon.nurture.answers import arrivals, returning
from filon.nurture.sending import handing
from filon.nurture.sequences import ending, entering, walking
from filon.routing import commands as routing
from filon.routing import panels as routing_panels
from filon.routing import promises
from filon.routing.events import LeadRouted, PromiseBreached
from filon.routing.reactions import (
    follow_owner,
    follow_stage,
    follow_undone_act,
    follow_undone_move,
    stop_promises,
)
from filon.scoring import carry as scoring_carry
from filon.scoring import cooling, rescoring
from filon.scoring import panels as scoring_panels
from filon.scoring.answers import answer_scores
from filon.scoring.steps import score_leads
from filon.unify import claims
from filon.unify import commands as unify

LINES: Mapping[str, Sequence[Step]] = {
    "lead": [
        records.recognise,
        unify.identify_companies,
        unify.identify_people,
        leads.record_companies,
        leads.record_people,
        consents.record_consents,
        standing.leave_to_deals,
        leads.record_leads,
        visits.tie_visitors,
        meetings.tie_meetings,
        score_leads,
        routing.route_leads,
        leads.answer_leads,
        answer_scores,
        records.forget_refused,
        leads.record_findings,
    ],
    "event": [
        acts.check_acts,
        visits.know_visitors,
        acts.know_leads,
        unify.find_contacts,
        records.recognise,
        unify.identify_people,
        acts.record_acts,
        suppression.suppress_objectors,
        consents.record_consents,
        score_leads,
        routing.route_leads,
        records.forget_refused,
        leads.record_findings,
    ],
    "act_undo": [
        taking_back.take_back_acts,
        score_leads,
    ],
    "edit": [
        editing.check_edits,
        claims.claim_names,
        editing.apply_edits,
        score_leads,
        records.forget_refused,
        leads.record_findings,
    ],
    "company": [
        records.recognise,
        unify.identify_companies,
        leads.record_accounts,
        score_leads,
        records.forget_refused,
        leads.record_findings,
    ],
    "cost": [
        records.recognise,
        costs.record_costs,
        records.forget_refused,
        leads.record_findings,
    ],
    "opportunity": [
        deals.check_opportunities,
        records.recognise,
        unify.identify_companies,
        leads.record_companies,
        deals.record_opportunities,
        score_leads,
        records.forget_refused,
        leads.record_findings,
    ],
    "product": [
        records.recognise,
        products.record_products,
        records.forget_refused,
        leads.record_findings,
    ],
    "user": [
        records.recognise,
        colleagues.record_users,
        records.forget_refused,
        leads.record_findings,
    ],
}
"""What an entry of each kind goes through, in order. Each step takes the whole batch."""

NOW: dict[type[Event], list[Callable[..., None]]] = {
    CallLogged: [stop_promises],
    MessageSent: [stop_promises],
    InboundCall: [stop_promises, ending.stop_for_acts],
    MeetingHeld: [stop_promises, ending.stop_for_acts],
    EmailClicked: [arrivals.mark_clicked],
    ActUndone: [tasks.follow_undone_act, follow_undone_act],
    Replied: [ending.stop_for_acts, notices.asked],
    DemoRequested: [notices.asked],
    ChatStarted: [notices.asked],
    Submitted: [notices.asked_again],
    NoteWritten: [notices.mentioned],
    Unsubscribed: [ending.stop_for_acts],
    Bounced: [ending.stop_for_acts],
    ConsentRefused: [ending.stop_for_refusal, tracking.forget],
    StageChanged: [follow_stage, tasks.follow_stage, ending.follow_stage, handoff.follow_stage],
    OwnerChanged: [tasks.follow_owner, follow_owner, notices.given],
    LeadRouted: [notices.routed],
    PromiseBreached: [notices.late],
    MeetingBooked: [notices.met],
    MeetingMoved: [notices.met],
    MeetingCancelled: [notices.met],
    SqlProposed: [notices.proposed],
    SqlAccepted: [notices.answered],
    SqlRefused: [notices.answered],
    StageMoveUndone: [follow_undone_move, tasks.follow_undone_move, handoff.follow_undone_move],
}
"""Reactions in the transaction of the fact: whatever the user must see on the next screen."""

LATER: dict[type[Event], list[str]] = {}
"""Reactions by a worker, safe to run twice: names of jobs."""

JOBS: Mapping[str, Callable[..., None]] = {
    "capture.forget_browsers": tracking.forget_old,
    "capture.import": import_jobs.run,
    "capture.rehearse": import_jobs.rehearse,
    "capture.undo": import_jobs.take_back,
    "core.drain_inbox": waiting.drain,
    "core.post": post.send,
    "core.purge": purge.run,
    "deals.keep_forecast": forecast.keep_snapshot,
    "demo.clear": demo_jobs.clear,
    "demo.make": demo_jobs.make,
    "files.forget": files.forget,
    "handoff.breach_due": handoff.run,
    "leads.bulk": bulk.run,
    "leads.bulk_undo": bulk.undo,
    "leads.forget_bulk": bulk.forget,
    "leads.index_search": search.index_search,
    "leads.tidy_search": search.tidy_search,
    "mailboxes.read": mailboxes_reading.read_all,
    "mailboxes.send": mailboxes_sending.send_all,
    "meetings.read_calendars": calendars.run,
    "measure.past": refresh.past,
    "measure.refresh": refresh.refresh,
    "measure.remake": refresh.remake,
    "notices.digest": digest.run,
    "notices.forget_old": forget_notices,
    "nurture.enter": entering.enter,
    "nurture.enter_known": entering.enter_known,
    "nurture.read_mailbox": returning.read_mailbox,
    "nurture.send": handing.send,
    "nurture.walk": walking.walk,
    "routing.breach_due": promises.run,
    "scoring.cool": cooling.cool,
    "scoring.recompute": rescoring.recompute,
    "scoring.rescore": rescoring.rescore,
}
"""What each job runs."""

CLOCKS: Sequence[tuple[str, int]] = (
    ("capture.forget_browsers", 86_400),
    ("core.drain_inbox", 2),
    ("core.post", 3),
    ("core.purge", 86_400),
    ("deals.keep_forecast", 86_400),
    ("files.forget", 86_400),
    ("handoff.breach_due", 30),
    ("leads.forget_bulk", 86_400),
    ("leads.index_search", 2),
    ("mailboxes.read", 60),
    ("mailboxes.send", 3),
    ("meetings.read_calendars", 60),
    ("measure.refresh", 300),
    ("measure.remake", 86_400),
    ("notices.digest", 600),
    ("notices.forget_old", 86_400),
    ("nurture.enter", 5),
    ("nurture.read_mailbox", 60),
    ("nurture.send", 2),
    ("nurture.walk", 2),
    ("routing.breach_due", 30),
    ("scoring.cool", 600),
)
"""Work that comes back: (job, every how many seconds)."""

UNDERSTAND: Mapping[str, Understand] = {
    **{route: doors.understand(route) for route in doors.DOORS},
    deals_api.ROUTE: deals_api.understand,
    visitor.ROUTE: visitor.arrival,
    arrivals.ROUTE: arrivals.arrival,
    returning.ROUTE: returning.arrival,
    visits.ROUTE: visits.arrival,
    meetings.ROUTE: meetings.arrival,
    mailboxes_telling.ROUTE: mailboxes_telling.arrival,
}
"""How what a door stored is understood again when it is replayed, by route."""

MADE_BY_IMPORTS: Sequence[type[Model]] = (Opportunity, Product, Lead, Person, Company, Cost)
"""Tables whose rows an import makes, in the order in which undoing it takes them back."""

GIVE_BACK: Sequence[Callable[..., None]] = (
    deals_carry.give_back,
    nurture_carry.give_back,
    consents.give_back,
)
"""What slices return to how it was before an import that is undone, before the rows it made go."""

AFTER_UNDO: Sequence[Callable[..., None]] = (scoring_carry.give_back,)
"""What slices do when everything else is as it was before an import that is undone."""

PANELS: Mapping[str, Sequence[Panel]] = {
    "lead": [
        Panel("score", _("Why this score"), scoring_panels.TEMPLATE, scoring_panels.score_panel),
        Panel("routing", _("Routing"), routing_panels.TEMPLATE, routing_panels.route_panel),
        Panel("opportunities", _("Opportunities"), deals_panels.LEAD_TEMPLATE, deals_panels.lead_panel),
        Panel("handoff", _("With sales"), handoff_panels.LEAD_TEMPLATE, handoff_panels.lead_panel),
        Panel("meetings", _("Meetings"), meetings_panels.LEAD_TEMPLATE, meetings_panels.lead_panel),
        Panel("mail", _("Mail"), mailboxes_panels.TEMPLATE, mailboxes_panels.lead_panel),
        Panel("sequences", _("Sequences"), nurture_panels.TEMPLATE, nurture_panels.lead_panel),
        Panel("files", _("Files"), files_panels.TEMPLATE, files_panels.panel("lead")),
        Panel("consent", _("Consent"), consent_panel.TEMPLATE, consent_panel.consent_panel),
    ],
    "company": [
        Panel("opportunities", _("Opportunities"), deals_panels.COMPANY_TEMPLATE, deals_panels.company_panel),
        Panel("files", _("Files"), files_panels.TEMPLATE, files_panels.panel("company")),
    ],
    "opportunity": [
        Panel("files", _("Files"), files_panels.TEMPLATE, files_panels.panel("opportunity")),
    ],
}
"""What slices show on the page of a lead, of an account and of an opportunity, in order."""

_DUE = HomePanel(leads_home.DUE_TEMPLATE, leads_home.due_panel)
_DEALS = HomePanel(deals_home.TEMPLATE, deals_home.mine_panel)
_HANDOFFS = HomePanel(handoff_panels.HOME_TEMPLATE, handoff_panels.home_panel)
_MEETINGS = HomePanel(meetings_panels.HOME_TEMPLATE, meetings_panels.home_panel)
_HEADLINE = HomePanel(measure_home.HEADLINE_TEMPLATE, measure_home.headline_panel, is_wide=True)
_FUNNEL = HomePanel(measure_home.FUNNEL_TEMPLATE, measure_home.funnel_panel)
_CHANNELS = HomePanel(leads_home.CHANNELS_TEMPLATE, leads_home.channels_panel)
_IMPORTS = HomePanel(imports_home.TEMPLATE, imports_home.imports_panel)
_HEALTH = HomePanel(core_home.TEMPLATE, core_home.health_panel)
_FINDINGS = HomePanel(findings_home.TEMPLATE, findings_home.findings_panel)

HOMES: Mapping[str, Sequence[HomePanel]] = {
    "head": [_HEADLINE, _FUNNEL, _DUE, _HANDOFFS],
    "manager": [_HEADLINE, _FUNNEL, _DUE, _DEALS],
    "sdr": [_DUE, _MEETINGS, _CHANNELS, _HANDOFFS],
    "sales": [_HANDOFFS, _MEETINGS, _DEALS, _DUE],
    "marketing": [_CHANNELS, _IMPORTS, _FUNNEL, _FINDINGS],
    "ops": [_HEALTH, _FINDINGS, _IMPORTS, _DUE],
    "admin": [_HEADLINE, _FUNNEL, _FINDINGS, _HEALTH, _IMPORTS],
    "read_only": [_HEADLINE, _FUNNEL],
}
"""What stands on the home of each role, in order."""
