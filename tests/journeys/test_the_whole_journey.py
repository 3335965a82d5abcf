"""One lead from a form on somebody else's page to a signature, worked by the people whose work it is."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from filon.capture.forms import asking
from filon.capture.forms import commands as forms
from filon.capture.forms.commands import Draft as FormDraft
from filon.core.access import SYSTEM
from filon.core.models import User
from filon.deals.models import Opportunity
from filon.handoff.models import Handoff
from filon.leads.models import Lead, Task
from filon.nurture.models import Delivery, Enrollment
from filon.nurture.sequences import commands as sequences
from filon.nurture.sequences.commands import Draft as SequenceDraft
from filon.nurture.sequences.commands import StepDraft
from filon.nurture.writing import commands as writing
from filon.scoring import commands as scoring
from filon.scoring.rules import EngagementRule
from filon.scoring.studio import queries as studio
from tests.frame.relay import HostileRelay
from tests.frame.servers import ServerTree, free_port
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor
from tests.journeys.test_a_form_in_the_browser import elsewhere  # noqa: F401 — a fixture

pytestmark = [pytest.mark.database, pytest.mark.browser]

SHOTS = Path(__file__).resolve().parents[2] / "var" / "journey"
HUMAN = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(scope="module")
def relay() -> Iterator[HostileRelay]:
    """An SMTP server that keeps what it gets."""
    with HostileRelay(keeps_content=True) as made:
        yield made


@pytest.fixture(scope="module")
def empty_place(own_database: str, tmp_path_factory: pytest.TempPathFactory, relay: HostileRelay) -> Iterator[Place]:
    """The running product, sending through that server."""
    tree = ServerTree(
        tmp_path_factory.mktemp("place"), own_database, free_port(), environment={"FILON_EMAIL_URL": relay.url}
    )
    try:
        yield Place(tree.start())
    finally:
        tree.kill()


@pytest.fixture
def guest(browser: Any) -> Iterator[Any]:
    """A browser of somebody we do not know."""
    context = browser.new_context(locale="fr-FR", user_agent=HUMAN)
    yield context.new_page()
    context.close()


def shoot(page: Any, name: str) -> None:
    """Keep what stands on the screen."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def prepare(place: Place) -> str:
    """What marketing has set up: a form, a sequence, a rule for clicks, a campaign that costs; the form's line."""
    at = timezone.now()
    writing.save_sender(
        writing.SenderDraft(
            from_name="Léa Martin", from_email="lea@essai.fr", company="Essai SAS", postal_address="1 rue X, Paris"
        ),
        by=SYSTEM,
        at=at,
    )
    body = f"Bonjour {{{{ person.first_name }}}},\n\n[Voir nos tarifs]({place.url}/f/guide)"
    template = writing.save_template(
        writing.Draft(name="Guide", subject="Votre guide, {{ person.first_name }}", body=body), by=SYSTEM, at=at
    )
    sequence = sequences.save_sequence(
        SequenceDraft(name="Guide", condition="stage = nurturing", in_working_hours=False), by=SYSTEM, at=at
    )
    first = sequences.add_step(sequence.pk, StepDraft(kind="email", template_id=template.pk), by=SYSTEM, at=at)
    second = StepDraft(kind="wait", minutes=3 * 1440, after=first.pk)
    wait = sequences.add_step(sequence.pk, second, by=SYSTEM, at=at)
    sequences.add_step(sequence.pk, StepDraft(kind="task", task="call", after=wait.pk), by=SYSTEM, at=at)
    sequences.start_sequence(sequence.pk, with_known=False, by=SYSTEM, at=at)
    score_clicks()
    status, answer = place.post_json(
        "/api/v1/costs",
        {"date": str(timezone.localdate()), "campaign": "Printemps", "amount": "300.00", "kind": "media"},
    )
    assert status == 201, answer
    names = ("first_name", "last_name", "email", "phone", "job_title", "company.name", "company.employees")
    form = forms.save_form(
        FormDraft(
            title="Recevoir le guide",
            slug="guide",
            questions=[asking.standard(name, is_required=name == "email") for name in names],
            notice="Essai SAS, pour vous répondre.",
            consent="J’accepte vos e-mails",
            tracking="J’accepte que mes clics soient notés",
            wants="content",
        ),
        by=SYSTEM,
        at=at,
    )
    return f'<script src="{place.url}/f/{form.slug}/embed.js" async></script>'


def score_clicks() -> None:
    """A rule that a click in a mail is worth 25 points, in force."""
    at, current = timezone.now(), studio.in_force(by=SYSTEM)
    assert current is not None
    assert current.number is not None
    if any(rule.id == "click" for rule in current.content.engagement):
        return
    rule = EngagementRule("click", "Lien d’e-mail suivi", "email_clicked", "", Decimal(25), None)
    scoring.save_engagement_rule(rule, edition=0, by=SYSTEM, at=at)
    draft = studio.draft(by=SYSTEM)
    assert draft is not None
    scoring.publish_draft("Clics", edition=draft.edition, in_force=current.number, by=SYSTEM, at=at)


def test_from_a_form_to_a_signature(
    place: Place,
    visitor: Callable[..., Visitor],
    colleague: Callable[..., User],
    elsewhere: Callable[[str], str],  # noqa: F811 — the fixture
    guest: Any,
    relay: HostileRelay,
) -> None:
    sdr_user, seller = colleague("sdr"), colleague("sales")
    line = prepare(place)

    # The visitor, on a page of another origin
    guest.goto(elsewhere(line) + "?utm_source=LinkedIn&utm_campaign=Printemps")
    frame = guest.frame_locator("iframe")
    answers = {
        "first_name": "Claire",
        "last_name": "Morel",
        "email": "claire.morel@sogetrel-essai.fr",
        "phone": "06 12 34 56 78",
        "job_title": "Directrice des opérations",
        "company.name": "Sogetrel Essai",
        "company.employees": "250",
    }
    for name, value in answers.items():
        frame.locator(f"[name='{name}']").fill(value)
    frame.get_by_label("J’accepte vos e-mails").check()
    frame.get_by_label("J’accepte que mes clics").check()
    shoot(guest, "1-form")
    frame.get_by_role("button", name="Envoyer").click()
    frame.get_by_text("Merci").wait_for()

    # The nurture mail, and the click
    sdr = visitor("sdr")
    sdr.wait(lambda: bool(relay.content))
    lead = Lead.objects.select_related("person").get()
    assert (lead.stage, lead.route, lead.source) == ("nurturing", "nurture", "LinkedIn")
    message = email.message_from_bytes(relay.content[0], policy=email.policy.default)
    assert message["Subject"] == "Votre guide, Claire"
    page = message.get_body(("html",))  # type: ignore[attr-defined]
    link = re.search(r'href="(http[^"]*/c/[^"]*)"', page.get_content())
    assert link is not None
    sdr.wait(lambda: Delivery.objects.filter(state="sent").exists())
    Delivery.objects.update(handed_at=timezone.now() - timedelta(minutes=5))  # people read before they click
    assert guest.goto(link[1]).status == 200
    assert guest.url.endswith("/f/guide")

    # The threshold is crossed: on top of the SDR's worklist
    sdr.wait(lambda: Lead.objects.filter(pk=lead.pk, stage="mql").exists())
    assert Enrollment.objects.get().reason == "mql"
    lead.refresh_from_db()
    assert (lead.owner_id, lead.route) == (sdr_user.pk, "sdr")
    sdr.go("/qualify").sees("Claire Morel", within="h2").sees("Première réponse due")
    shoot(sdr.page, "2-worklist")

    # The call
    sdr.page.keyboard.press("1")
    sdr.page.keyboard.press("n")
    sdr.page.keyboard.type("Planifie 120 techniciens à la main")
    sdr.page.get_by_role("button", name="Enregistrer et continuer").click()
    sdr.sees("Tout est traité")
    assert Task.objects.get(closed_at=None).kind == "follow_up"
    lead.refresh_from_db()
    assert lead.responded_at is not None

    # Proposed to sales
    sdr.go(f"/leads/{lead.pk}").follow("Proposer aux ventes", to=f"/handoff/new/{lead.pk}", within="main").look()
    sdr.fill(need="Planifier 120 techniciens", authority="Elle décide avec le DAF", timing="Avril", next_step="Démo")
    sdr.press("Proposer", within="main").sees("Attend les ventes").look()
    shoot(sdr.page, "3-proposed")

    # Accepted
    sales = visitor("sales").go("/").sees("Claire Morel")
    sales.go("/handoff").follow("Claire Morel", within="main").look().sees("Planifier 120 techniciens")
    shoot(sales.page, "4-brief")
    sales.page.keyboard.press("a")
    sales.sees("Créer l’opportunité")
    assert Handoff.objects.get().state == "accepted"
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", seller.pk)

    # An opportunity, and won
    sales.follow("Créer l’opportunité", within="main").look()
    sales.fill(name="Sogetrel 2026", amount="24000")
    sales.press("Créer", within="main")
    sales.wait(Opportunity.objects.exists)
    deal = Opportunity.objects.get()
    assert (deal.lead_id, deal.amount) == (lead.pk, Decimal(24000))
    sales.go(f"/opportunities/{deal.pk}").press("Gagné")
    sales.fill(proof="Bon de commande 118")
    sales.press("Enregistrer le gain", within="dialog[open]")
    sales.wait(lambda: Lead.objects.filter(pk=lead.pk, stage="customer").exists())
    shoot(sales.go(f"/leads/{lead.pk}").page, "5-customer")

    # What the figures say now, as computed by hand: one lead, one customer, 300 € of costs
    [funnel] = place.get_json("/api/v1/kpi/funnel", by="source")["rows"]
    assert (funnel["source"], funnel["captured"], funnel["mql"], funnel["sql"], funnel["customer"]) == (
        "LinkedIn",
        *(1, 1, 1, 1),
    )
    [cost] = place.get_json("/api/v1/kpi/cost", by="campaign")["rows"]
    assert (cost["campaign"], Decimal(cost["cost_per_lead"]), Decimal(cost["cost_per_customer"])) == (
        "Printemps",
        *(300, 300),
    )
    [speed] = place.get_json("/api/v1/kpi/speed")["rows"]
    assert (speed["leads"], speed["responded"]) == (1, 1)
    assert 0 < speed["response_median_hours"] < 0.2
    visitor("head").go("/insight").sees("Client")
    shoot(visitor("head").go("/").page, "6-head")


def test_the_same_by_programs_alone(place: Place, colleague: Callable[..., User]) -> None:
    colleague("sdr")
    seller = colleague("sales")
    score_clicks()
    answers = {
        "email": "zoe.petit@navinis-essai.fr",
        "full_name": "Zoé Petit",
        "job_title": "Directrice générale",
        "company": {"name": "Navinis Essai", "employees": 300},
        "source": "Salon",
        "channel": "outbound",
    }
    status, made = place.post_json("/api/v1/leads", answers)
    assert (status, made["route"]) == (201, "nurture"), made
    click = {"kind": "email_clicked", "email": answers["email"], "path": "/tarifs"}
    status, told = place.post_json("/api/v1/events", {"events": [click]})
    assert status == 201, told
    lead = place.get_json(f"/api/v1/leads/{made['id']}")
    assert (lead["stage"], lead["route"]) == ("mql", "sdr")
    place.post_json(f"/api/v1/leads/{made['id']}/activities", {"kind": "call_logged", "outcome": "reached"})
    body = {"need": "Remplacer un outil", "authority": "Elle décide", "timing": "Mai", "seller_id": seller.pk}
    status, proposed = place.post_json(f"/api/v1/leads/{made['id']}/handoff", body)
    assert (status, proposed["state"]) == (201, "proposed"), proposed
    status, accepted = place.post_json(f"/api/v1/handoffs/{proposed['id']}/accept", {})
    assert (status, accepted["state"]) == (200, "accepted"), accepted
    deal = {"name": "Navinis 2026", "amount": "12000", "lead_id": made["id"], "stage": "won"}
    status, won = place.post_json("/api/v1/opportunities", deal)
    assert status == 201, won
    assert place.get_json(f"/api/v1/leads/{made['id']}")["stage"] == "customer"
    rows = place.get_json("/api/v1/kpi/funnel", by="source")["rows"]
    assert [row["customer"] for row in rows if row["source"] == "Salon"] == [1]
