"""Every term and figure of the product in one sentence, with its formula and the page that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Term:
    """One entry. formula: empty for what is not a figure. url_name: the page that shows it, empty when none does."""

    key: str
    name: Text
    meaning: Text
    formula: Text = ""
    url_name: str = ""

    @property
    def url(self) -> str:
        """The page that shows the term; empty while that page does not exist."""
        try:
            return reverse(self.url_name) if self.url_name else ""
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class Chapter:
    """Terms that belong together."""

    title: Text
    terms: Sequence[Term]


CHAPTERS: Final[Sequence[Chapter]] = (
    Chapter(
        _("People and records"),
        (
            Term(
                "person",
                _("Person"),
                _("A human being we may talk to, known by identifiers, never by a row number alone."),
                url_name="leads:people",
            ),
            Term(
                "identifier",
                _("Identifier"),
                _("What names one person: e-mail, phone, external id of a system, profile address or visitor cookie."),
            ),
            Term(
                "company",
                _("Company"),
                _(
                    "The organisation, known by its domain, its SIREN, or its name and country; an account owner "
                    "follows it."
                ),
                url_name="leads:companies",
            ),
            Term(
                "lead",
                _("Lead"),
                _(
                    "An identified contact, more or less qualified, with one buying journey: origin, stage, owner, "
                    "scores."
                ),
                url_name="leads:list",
            ),
            Term(
                "prospect",
                _("Prospect"),
                _("A lead that confirmed its interest by an act of its own and that fits the target."),
            ),
            Term(
                "class",
                _("Class"),
                _(
                    "Who a contact is: buyer, customer, student, applicant, competitor, vendor or spam, with the "
                    "reason."
                ),
            ),
            Term(
                "opportunity",
                _("Opportunity"),
                _("A possible sale with an amount, a stage, a close date, one source lead, and people with roles."),
                url_name="deals:list",
            ),
            Term(
                "proposal",
                _("Proposal"),
                _("A versioned offer built from an opportunity, shared by a link, accepted or declined."),
            ),
        ),
    ),
    Chapter(
        _("Where leads come from"),
        (
            Term(
                "entry",
                _("Entry"),
                _("What capture receives: who, when, through which door, channel and campaign, with which consent."),
            ),
            Term(
                "door",
                _("Door"),
                _("How an entry came in: form, file, API, hook, mail, stand or by hand. Never a channel."),
            ),
            Term(
                "channel",
                _("Channel"),
                _(
                    "The kind of path a lead came by, from a closed list: organic search, webinar, event, partner, "
                    "outbound…"
                ),
                url_name="measure:sources",
            ),
            Term(
                "source",
                _("Source"),
                _("The place within the channel: the search engine, the site, the fair, the partner."),
                url_name="measure:sources",
            ),
            Term(
                "campaign",
                _("Campaign"),
                _("A planned effort with dates and costs, to which touches are credited."),
                url_name="capture:campaigns",
            ),
            Term(
                "fact",
                _("Activity"),
                _(
                    "One thing that happened, with the time it happened and the time we learnt it. Every figure is "
                    "read from these."
                ),
            ),
            Term(
                "touch",
                _("Touch"),
                _(
                    "A voluntary act of the person that bears a channel: form, click, reply, visit to a stand. Never "
                    "a send, an open, or our own call."
                ),
            ),
            Term(
                "first_touch",
                _("First touch"),
                _("The earliest touch at or before capture, else the capture itself."),
            ),
            Term(
                "history",
                _("History"),
                _("An old base brought in with its own dates: it starts no clock, no scenario, no message."),
            ),
        ),
    ),
    Chapter(
        _("Qualification"),
        (
            Term(
                "fit_score",
                _("Fit score"),
                _("Points from 0 to 100 for what is known of the person and the company: role, size, sector."),
                formula=_("sum of the points of the fit rules that hold, kept between 0 and 100"),
                url_name="scoring:studio",
            ),
            Term(
                "engagement_score",
                _("Engagement score"),
                _("Points for behaviour, which fade: each loses half its weight with every half-life."),
                formula=_("Σ points × 2^(−age ÷ half-life)"),
                url_name="scoring:studio",
            ),
            Term(
                "half_life",
                _("Half-life"),
                _("The time after which a behaviour counts for half as many points."),
                url_name="scoring:studio",
            ),
            Term(
                "grade",
                _("Grade"),
                _("Fit from A to D and engagement from 1 to 4, as one mark: A1 is the best."),
                url_name="leads:list",
            ),
            Term(
                "probability",
                _("Probability"),
                _("The calibrated chance that a lead becomes a customer, learned from history, with its reasons."),
            ),
            Term(
                "mql",
                _("MQL"),
                _("A lead whose fit and engagement pass the thresholds; marketing hands it over for qualification."),
                formula=_("fit ≥ its threshold and engagement ≥ its threshold"),
                url_name="leads:list",
            ),
            Term(
                "sql",
                _("SQL"),
                _(
                    "A lead whose intent an SDR has confirmed, with the entry criteria filled; sales accept it or "
                    "refuse it with a reason."
                ),
                url_name="leads:list",
            ),
            Term(
                "nurturing",
                _("Nurturing"),
                _("Keeping contact with a lead that is not ready yet, until it is."),
            ),
            Term(
                "segment",
                _("Segment"),
                _("A saved condition over leads; it is always current."),
                url_name="leads:list",
            ),
            Term(
                "guide",
                _("Guide and interview"),
                _("A structured discovery interview: questions, branches, and what each answer fills in."),
            ),
            Term(
                "playbook",
                _("Playbook"),
                _("What to do for a kind of lead at a stage: steps, words, objections, documents."),
            ),
            Term(
                "assessment",
                _("Assessment"),
                _("A maturity questionnaire with axes, levels and a roadmap."),
            ),
        ),
    ),
    Chapter(
        _("Who does what, and by when"),
        (
            Term(
                "route",
                _("Route"),
                _("Where a lead goes next: nurturing, an SDR, or sales directly."),
                url_name="routing:rules",
            ),
            Term(
                "next_action",
                _("Next action"),
                _("What will happen next, when and by whom. No open lead or opportunity is without one."),
                formula=_("with a next action ÷ open"),
            ),
            Term(
                "sla",
                _("SLA"),
                _(
                    "A promise in working hours, such as the first answer to a lead: met, breached, or cancelled with"
                    " a reason."
                ),
                formula=_("met ÷ (met + breached)"),
                url_name="measure:speed",
            ),
            Term(
                "sequence",
                _("Sequence"),
                _("Steps of nurturing or outbound (e-mail, wait, branch, task) and each lead’s way through them."),
            ),
            Term(
                "delivery",
                _("Delivery"),
                _("One message to one person for one step; at most once, for ever."),
            ),
            Term(
                "consent",
                _("Consent"),
                _("What a person allowed or refused: text, version, when, where, on which basis."),
            ),
            Term(
                "suppression_list",
                _("Suppression list"),
                _("Who must not be written to, and why: objection, complaint, invalid address."),
            ),
        ),
    ),
    Chapter(
        _("Funnel"),
        (
            Term(
                "reached",
                _("Reached"),
                _(
                    "A lead has reached a stage when its history holds that stage or any later one; so the funnel "
                    "never grows."
                ),
                url_name="measure:funnel",
            ),
            Term(
                "conversion",
                _("Conversion (cohort)"),
                _(
                    "Of the leads captured in the period that reached one stage, the share that reached the next by "
                    "the date shown."
                ),
                formula=_("reached b ÷ reached a, leads captured in the period"),
                url_name="measure:funnel",
            ),
            Term(
                "conversion_period",
                _("Conversion (period)"),
                _(
                    "A ratio of flows: first entries into one stage against first entries into another, in the "
                    "period. It may exceed 100 %."
                ),
                formula=_("first entries into b ÷ first entries into a"),
                url_name="measure:funnel",
            ),
            Term(
                "immature",
                _("Immature cohort"),
                _(
                    "A cohort too young to judge: less time has passed than nine leads in ten need from one stage to "
                    "the next."
                ),
                formula=_("age < 90th percentile of the delay"),
                url_name="measure:funnel",
            ),
            Term(
                "interval",
                _("95 % interval"),
                _(
                    "Where the true rate lies, given how few or many cases there are (Wilson). Under 30 cases the "
                    "rate is greyed."
                ),
            ),
            Term(
                "stage_duration",
                _("Stage duration"),
                _(
                    "The median and 90th percentile of the days between two stages; leads still waiting are taken "
                    "into account (Kaplan–Meier)."
                ),
                url_name="measure:funnel",
            ),
            Term(
                "qualification_rate",
                _("Qualification rate"),
                _("The share of captured leads that became SQL, per source."),
                formula=_("reached SQL ÷ captured"),
                url_name="measure:sources",
            ),
            Term(
                "acceptance_rate",
                _("Acceptance rate"),
                _("The share of proposed SQLs that sales accepted, among those decided."),
                formula=_("accepted ÷ (accepted + refused)"),
            ),
            Term(
                "cohort",
                _("Cohort"),
                _("Leads captured in the same month and channel, followed month after month."),
            ),
        ),
    ),
    Chapter(
        _("Speed"),
        (
            Term(
                "first_response",
                _("First response"),
                _(
                    "The first human act toward a person who asked for us, reached or not. An automatic mail never "
                    "counts."
                ),
                formula=_("median from due to a human to the first act (Kaplan–Meier)"),
                url_name="measure:speed",
            ),
            Term(
                "first_conversation",
                _("First conversation"),
                _("The first exchange in both directions: call answered, reply, meeting held, call taken."),
                url_name="measure:speed",
            ),
            Term(
                "reach_rate",
                _("Reach rate"),
                _("The share of attempted leads that were reached."),
                formula=_("leads reached ÷ leads attempted"),
                url_name="measure:speed",
            ),
            Term(
                "sdr_productivity",
                _("SDR productivity"),
                _("Accepted SQLs, conversations and meetings held, per SDR and day present."),
            ),
        ),
    ),
    Chapter(
        _("Money"),
        (
            Term(
                "amount",
                _("Amount"),
                _("One-off plus the first twelve months of recurring revenue, excluding tax."),
                formula=_("one-off + 12 months of recurring"),
                url_name="deals:list",
            ),
            Term(
                "spend",
                _("Spend"),
                _(
                    "The costs entered for a channel in the period. A channel without any cost entry has none, which "
                    "is not zero."
                ),
                formula=_("Σ cost entries"),
                url_name="measure:cost",
            ),
            Term(
                "cost_per_lead",
                _("Cost per lead"),
                _("What a lead cost by channel of first touch; the same for each stage reached."),
                formula=_("spend ÷ leads captured in the period that reached the stage"),
                url_name="measure:cost",
            ),
            Term(
                "cac",
                _("CAC"),
                _("What a new customer cost: sales and marketing of the period for the customers won in it."),
                formula=_("sales and marketing cost ÷ new customers won"),
                url_name="measure:cost",
            ),
            Term(
                "win_rate",
                _("Win rate"),
                _(
                    "The share won among the opportunities closed in the period, in number and in amount; in amount it "
                    "is unknown as soon as one of them, won or lost, has none."
                ),
                formula=_("won ÷ (won + lost)"),
                url_name="measure:velocity",
            ),
            Term(
                "average_deal",
                _("Average deal"),
                _("The mean amount of won opportunities; the median stands beside it."),
                formula=_("Σ amounts won ÷ won"),
                url_name="measure:velocity",
            ),
            Term(
                "sales_cycle",
                _("Sales cycle"),
                _("The time from the creation of an opportunity to its signature."),
                url_name="measure:velocity",
            ),
            Term(
                "time_to_revenue",
                _("Time to revenue"),
                _("The time from the capture of the source lead to the signature."),
                url_name="measure:velocity",
            ),
            Term(
                "velocity",
                _("Pipeline velocity"),
                _("The money the pipeline yields per day."),
                formula=_("open × win rate × average deal ÷ mean sales cycle in days"),
                url_name="measure:velocity",
            ),
            Term(
                "influenced_revenue",
                _("Influenced revenue"),
                _(
                    "Won amounts touched by a campaign in the 180 days before. It counts in full for each campaign, "
                    "so it does not add up."
                ),
            ),
            Term(
                "attributed_revenue",
                _("Attributed revenue"),
                _("Won amounts split over their touches by a model; the credits add up to the revenue, to the cent."),
            ),
            Term(
                "return",
                _("Return"),
                _("Attributed revenue for each euro spent."),
                formula=_("attributed revenue ÷ spend"),
            ),
            Term(
                "forecast",
                _("Forecast"),
                _(
                    "What the period should bring: what is already won, plus open amounts weighted by the chance of "
                    "their stage."
                ),
                formula=_("won + Σ amount × probability of the stage"),
            ),
            Term(
                "budget",
                _("Budget arbitrage"),
                _(
                    "A proposal that moves part of the budget between channels, keeps its total, and shows the "
                    "expected gain with an interval."
                ),
            ),
        ),
    ),
    Chapter(
        _("Quality"),
        (
            Term(
                "completeness",
                _("Completeness"),
                _("The share of records whose required fields at their stage are filled."),
            ),
            Term(
                "validity",
                _("Validity"),
                _("The share of values that pass the rule of their field."),
            ),
            Term(
                "uniqueness",
                _("Uniqueness"),
                _("The share of records that are not in an open pair of duplicates."),
            ),
            Term(
                "freshness",
                _("Freshness"),
                _("The share of values verified within the age allowed for their field."),
            ),
            Term(
                "quality_index",
                _("Quality index"),
                _("The mean of completeness, validity, uniqueness and freshness."),
                formula=_("(completeness + validity + uniqueness + freshness) ÷ 4"),
            ),
            Term(
                "calibration",
                _("Calibration error"),
                _("How far announced probabilities are from what happened, over ten groups of equal size."),
                formula=_("mean |announced − observed|"),
            ),
            Term(
                "drift",
                _("Drift"),
                _(
                    "How much the leads of today differ from those the score was learned on (population stability "
                    "index)."
                ),
            ),
        ),
    ),
)

TERMS: Final[dict[str, Term]] = {term.key: term for chapter in CHAPTERS for term in chapter.terms}
