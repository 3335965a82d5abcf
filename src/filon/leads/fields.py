"""What conditions may say about a lead: its own fields, those of its person, company, owner and campaign, its acts.

List filters, segments, scoring and routing rules all speak this one vocabulary. `TABLES` says how the aliases that
the fields name are joined; `Subject.rows` has the same aliases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from filon.core.conditions.fields import Attributes, Field, Registry
from filon.core.conditions.words import Words
from filon.leads import engagement, rules
from filon.leads.events import ACTS, CustomAct, Submitted
from filon.leads.models import TASK_KINDS

BASE: Final = '"leads_lead" AS lead'
TABLES: Final[Mapping[str, str]] = {
    "person": 'JOIN "leads_person" AS person ON person.id = lead.person_id',
    "company": 'LEFT JOIN "leads_company" AS company ON company.id = lead.company_id',
    "owner": 'LEFT JOIN "core_user" AS owner ON owner.id = lead.owner_id',
    "campaign": 'LEFT JOIN "leads_campaign" AS campaign ON campaign.id = lead.campaign_id',
}
"""How each alias beside `lead` joins it; a lead has one row of each at the most."""


def source(aliases: Iterable[str] = tuple(TABLES)) -> str:
    """The FROM of a statement over leads with these aliases joined (all by default)."""
    wanted = set(aliases)
    return " ".join([BASE, *(join for alias, join in TABLES.items() if alias in wanted)])


# What choices are called ----------------------------------------------------------------------------------------------

STAGES: Final[Mapping[str, Words]] = {
    "captured": Words("New", "Nouveau"),
    "qualifying": Words("Qualifying", "En qualification"),
    "nurturing": Words("Nurturing", "En nurturing"),
    "mql": Words("MQL", "MQL"),
    "sql": Words("SQL", "SQL"),
    "opportunity": Words("Opportunity", "Opportunité"),
    "customer": Words("Customer", "Client"),
    "disqualified": Words("Disqualified", "Disqualifié"),
    "lost": Words("Lost", "Perdu"),
    "attached": Words("Attached", "Rattaché"),
}
CHANNELS: Final[Mapping[str, Words]] = {
    "web": Words("Web", "Web"),
    "organic_search": Words("Organic search", "Recherche naturelle"),
    "paid_search": Words("Paid search", "Recherche payante"),
    "display": Words("Display", "Display"),
    "social": Words("Social networks", "Réseaux sociaux"),
    "paid_social": Words("Paid social", "Réseaux sociaux payants"),
    "email": Words("E-mail", "E-mail"),
    "webinar": Words("Webinar", "Webinaire"),
    "event": Words("Event", "Salon ou événement"),
    "abm": Words("ABM", "ABM"),
    "outbound": Words("Outbound", "Prospection"),
    "referral": Words("Referral", "Recommandation"),
    "partner": Words("Partner", "Partenaire"),
    "phone": Words("Phone", "Téléphone"),
    "marketplace": Words("Marketplace", "Place de marché"),
    "direct": Words("Direct", "Direct"),
    "other": Words("Other", "Autre"),
    "unknown": Words("Unknown", "Inconnu"),
}
DOORS: Final[Mapping[str, Words]] = {
    "form": Words("Form", "Formulaire"),
    "file": Words("File", "Fichier"),
    "api": Words("API", "API"),
    "hook": Words("Webhook", "Webhook"),
    "mail": Words("E-mail", "E-mail"),
    "stand": Words("Stand", "Stand"),
    "site": Words("Web site", "Site web"),
    "manual": Words("Typed in", "Saisie"),
}
CLASSES: Final[Mapping[str, Words]] = {
    "buyer": Words("Buyer", "Acheteur"),
    "customer": Words("Customer", "Client"),
    "student": Words("Student", "Étudiant"),
    "applicant": Words("Applicant", "Candidat"),
    "competitor": Words("Competitor", "Concurrent"),
    "vendor": Words("Vendor", "Fournisseur"),
    "spam": Words("Spam", "Spam"),
}
MOTIONS: Final[Mapping[str, Words]] = {
    "new": Words("New business", "Nouveau client"),
    "expansion": Words("Expansion", "Développement"),
    "renewal": Words("Renewal", "Renouvellement"),
}
ROUTES: Final[Mapping[str, Words]] = {
    "nurture": Words("Nurturing", "Nurturing"),
    "sdr": Words("SDR", "SDR"),
    "direct_sales": Words("Direct to sales", "Ventes en direct"),
}
KINDS: Final[Mapping[str, Words]] = {
    "submitted": Words("Submission", "Saisie reçue"),
    "page_viewed": Words("Page viewed", "Page vue"),
    "email_opened": Words("E-mail opened", "E-mail ouvert"),
    "email_clicked": Words("E-mail link clicked", "Lien d’e-mail cliqué"),
    "form_submitted": Words("Form sent", "Formulaire envoyé"),
    "demo_requested": Words("Demo requested", "Démonstration demandée"),
    "content_downloaded": Words("Content downloaded", "Contenu téléchargé"),
    "webinar_attended": Words("Webinar attended", "Webinaire suivi"),
    "event_attended": Words("Event attended", "Salon visité"),
    "chat_started": Words("Chat started", "Conversation en ligne"),
    "inbound_call": Words("Inbound call", "Appel entrant"),
    "replied": Words("Replied", "Réponse reçue"),
    "meeting_held": Words("Meeting held", "Rendez-vous tenu"),
    "unsubscribed": Words("Unsubscribed", "Désinscription"),
    "bounced": Words("Bounced", "Message en erreur"),
    "auto_answered": Words("Automatic answer", "Réponse automatique"),
    "note_written": Words("Note", "Note"),
    "call_logged": Words("Call", "Appel"),
    "message_sent": Words("Message sent", "Message envoyé"),
    "custom_act": Words("Other act", "Autre activité"),
}
"""Every kind of act, with what people call it; the codes are those of `leads.events`."""

OUTCOMES: Final[Mapping[str, Words]] = {
    "reached": Words("Reached", "Joint"),
    "voicemail": Words("Voicemail", "Messagerie"),
    "no_answer": Words("No answer", "Ne répond pas"),
    "call_back": Words("Call back", "Rappel demandé"),
    "wrong_number": Words("Wrong number", "Faux numéro"),
    "gatekeeper": Words("Gatekeeper", "Barrage standard"),
    "not_now": Words("Not now", "Pas maintenant"),
    "not_interested": Words("Not interested", "Pas intéressé"),
}

TASKS: Final[Mapping[str, Words]] = {
    "call": Words("Call", "Appel"),
    "call_back": Words("Call back", "Rappel"),
    "follow_up": Words("Follow-up", "Relance"),
    "meeting": Words("Meeting", "Rendez-vous"),
    "todo": Words("To do", "Tâche"),
}

for _known, _said in (
    (TASK_KINDS, TASKS),
    (rules.ALL_STAGES, STAGES),
    (rules.CHANNELS, CHANNELS),
    (rules.DOORS, DOORS),
    (rules.CLASSES, CLASSES),
    (rules.MOTIONS, MOTIONS),
    (rules.ROUTES, ROUTES),
    ((Submitted.kind, *ACTS, CustomAct.kind), KINDS),
):
    if set(_known) != set(_said):
        raise ValueError(f"codes without words, or words without a code: {set(_known) ^ set(_said)}")


# Engagement -----------------------------------------------------------------------------------------------------------

_half_life_days: Callable[[], float] | None = None


def connect(half_life_days: Callable[[], float]) -> None:
    """Set who knows the half-life of engagement that is in force; called once at start by `config`."""
    global _half_life_days  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _half_life_days = half_life_days


def _level(shown: float, at: datetime) -> float:
    assert _half_life_days is not None  # noqa: S101 — `connect` ran at start
    return engagement.level(shown, at, _half_life_days())


# Fields ---------------------------------------------------------------------------------------------------------------


def _text(name: str, en: str, fr: str) -> Field:
    """A folded text of a person or company, in the column of its name."""
    table, column = name.split(".")
    return Field(name, "text", table, column, f"{column}_folded", label=Words(en, fr))


def _code(name: str, en: str, fr: str, column: str = "") -> Field:
    table, _, last = name.rpartition(".")
    return Field(name, "code", table or "lead", column or last, label=Words(en, fr))


def _number(name: str, en: str, fr: str, **more: Any) -> Field:
    table, _, last = name.rpartition(".")
    return Field(name, "number", table or "lead", more.pop("column", last), label=Words(en, fr), **more)


def _choice(name: str, choices: Mapping[str, Words], en: str, fr: str, **more: Any) -> Field:
    return Field(name, "choice", "lead", more.pop("column", name), choices=choices, label=Words(en, fr), **more)


def _moment(name: str, en: str, fr: str, **more: Any) -> Field:
    return Field(name, "datetime", "lead", name, label=Words(en, fr), **more)


def _yes_no(name: str, en: str, fr: str, **more: Any) -> Field:
    table, _, last = name.rpartition(".")
    return Field(name, "boolean", table or "lead", last, label=Words(en, fr), **more)


PERSON: Final = (
    _text("person.full_name", "Name", "Nom"),
    _code("person.email", "E-mail", "E-mail"),
    _code("person.phone", "Phone", "Téléphone"),
    _text("person.job_title", "Job title", "Fonction"),
    _code("person.linkedin_url", "LinkedIn profile", "Profil LinkedIn"),
    _text("person.country", "Country of the person", "Pays du contact"),
    _text("person.city", "City of the person", "Ville du contact"),
    _code("person.language", "Language", "Langue"),
)
COMPANY: Final = (
    _text("company.name", "Company", "Compte"),
    _code("company.domain", "Domain", "Domaine"),
    _code("company.siren", "SIREN", "SIREN"),
    _text("company.sector", "Sector", "Secteur"),
    _number("company.employees", "Employees", "Effectif"),
    _number("company.revenue", "Revenue", "Chiffre d’affaires"),
    _text("company.country", "Country of the company", "Pays du compte"),
    _text("company.city", "City of the company", "Ville du compte"),
    _text("company.issues", "Stakes", "Enjeux"),
    _yes_no("company.is_customer", "Is a customer", "Est client"),
)
ORIGIN: Final = (
    _choice("channel", CHANNELS, "Channel", "Canal", required=True),
    Field("source", "text", "lead", "source", "source_folded", label=Words("Source", "Source")),
    _code("medium", "Medium", "Support (medium)"),
    Field(
        "campaign",
        "reference",
        "lead",
        "campaign_id",
        by_name=Field("campaign.name", "text", "campaign", "name", "name_folded"),
        label=Words("Campaign", "Campagne"),
    ),
    _code("landing_page", "Landing page", "Page d’arrivée"),
    _choice("door", DOORS, "Door", "Entrée", required=True),
    _choice("class", CLASSES, "Class", "Catégorie", column="lead_class"),
    _choice("motion", MOTIONS, "Motion", "Type de vente"),
    _code("product_line", "Product line", "Ligne de produits"),
    _yes_no("is_history", "Comes from history", "Issu de l’historique", required=True),
    _moment("captured_at", "Captured", "Capté le", required=True),
    _number("import_id", "Import (number)", "Import (numéro)"),
)
"""Where the lead came from and what it is: set when it comes in, before it is scored and routed."""

JOURNEY: Final = (
    _choice("stage", STAGES, "Stage", "Étape", required=True),
    _moment("stage_since", "In this stage since", "Dans l’étape depuis", required=True),
    _yes_no("is_open", "Is open", "Est ouvert", required=True),
    _code("reason", "Reason", "Motif"),
    Field(
        "owner",
        "reference",
        "lead",
        "owner_id",
        by_name=Field("owner.name", "text", "owner", "name", "name_folded"),
        label=Words("Owner", "Propriétaire"),
    ),
    _choice("route", ROUTES, "Route", "Orientation"),
    _moment("routed_at", "Routed", "Orienté le"),
    _moment("due_at", "First contact due", "Premier contact dû le"),
    _moment("responded_at", "First contact made", "Premier contact fait le"),
    _moment("last_act_at", "Last act", "Dernière activité le"),
    _moment("asked_at", "Waiting for our answer since", "En attente de notre réponse depuis"),
    _moment("next_at", "Next action due", "Prochaine action prévue le"),
    _moment("created_at", "Created", "Créé le", required=True),
    _moment("updated_at", "Changed", "Modifié le", required=True),
)
SCORES: Final = (
    _number("fit", "Fit score", "Score de profil"),
    _number("engagement", "Engagement score", "Score d’engagement", column="engagement_log", threshold=_level),
    _code("grade", "Grade", "Classe"),
    _number("probability", "Probability", "Probabilité de signature"),
)
ACT: Final = (
    Field("path", "code", "fact", "path", label=Words("Page", "Page")),
    Field("channel", "choice", "fact", "channel", choices=CHANNELS, label=Words("Channel", "Canal")),
    Field("source", "code", "fact", "source", label=Words("Source", "Source")),
    Field("door", "choice", "fact", "door", choices=DOORS, label=Words("Door", "Entrée")),
    Field("value", "number", "fact", "value", label=Words("Value", "Valeur")),
    Field("campaign", "reference", "fact", "campaign_id", label=Words("Campaign (number)", "Campagne (numéro)")),
    Field("at", "datetime", "fact", "at", label=Words("When", "Date")),
    Field(
        "outcome",
        "choice",
        "fact",
        "payload",
        choices=OUTCOMES,
        json_key="outcome",
        label=Words("Outcome of the call", "Résultat de l’appel"),
    ),
    Field("name", "code", "fact", "payload", json_key="name", label=Words("Name of the act", "Nom de l’activité")),
)
REGISTRY: Final = Registry(
    (*ORIGIN, *PERSON, *COMPANY, *JOURNEY, *SCORES),
    kinds=KINDS,
    act_fields=ACT,
    attributes={"attributes": Attributes("lead"), "company.attributes": Attributes("company")},
    zone=ZoneInfo(settings.TIME_ZONE),
)
"""Everything conditions over leads may speak of."""
