"""The default pipeline, and what HubSpot, Salesforce, Pipedrive and people usually call its stages."""

from decimal import Decimal

from django.db import migrations

from filon.kit.text import fold

STAGES = [
    ("prospecting", "open", "0.10"),
    ("engaged", "open", "0.25"),
    ("proposal", "open", "0.50"),
    ("negotiation", "open", "0.75"),
    ("won", "won", "1"),
    ("lost", "lost", "0"),
]
NAMES = {
    "prospecting": (
        "Prospecting|Prospection|New|Nouveau|Nouvelle|Open|Ouvert|Ouverte|Lead|Qualification|Qualified|"
        "Qualifié|À qualifier|Identified|Identifié|Suspect|Prospect|Discovery|Découverte|Contact Made|"
        "Contact établi|Appointment Scheduled|appointmentscheduled|Rendez-vous planifié|Opportunity|"
        "Opportunité"
    ),
    "engaged": (
        "Engaging|Engaged|Engagé|Qualified To Buy|qualifiedtobuy|Qualifié pour l'achat|Needs Analysis|"
        "Analyse des besoins|Needs Defined|Besoins définis|Démo|Demo Scheduled|Démo planifiée|"
        "Démonstration|Presentation Scheduled|presentationscheduled|Présentation planifiée|Value Proposition|"
        "Proposition de valeur|Id. Decision Makers|Identification des décideurs|Meeting|Rendez-vous|RDV"
    ),
    "proposal": (
        "Proposal|Proposition|Proposal Made|Proposition faite|Proposition envoyée|Proposal Sent|"
        "Proposal/Price Quote|Proposition/Devis|Proposition/Prix|Quote|Quote Sent|Devis|Devis envoyé|Offre|"
        "Offre envoyée|Perception Analysis|Analyse de la perception|Decision Maker Bought-In|"
        "decisionmakerboughtin|Décisionnaire convaincu"
    ),
    "negotiation": (
        "Negotiation|Négociation|Négociations|Negotiations Started|Négociations commencées|"
        "Négociations entamées|Negotiation/Review|Négociation/Révision|Contract Sent|contractsent|"
        "Contrat envoyé|Verbal Agreement|Accord verbal|Commit"
    ),
    "won": (
        "Won|Closed Won|closedwon|Closed - Won|Gagné|Gagnée|Fermé gagné|Fermée gagnée|Clôturé gagné|"
        "Clôturée gagnée|Conclu|Conclue|Signé|Signée|Signed|Commande|Vendu|Win"
    ),
    "lost": (
        "Lost|Closed Lost|closedlost|Closed - Lost|Perdu|Perdue|Fermé perdu|Fermée perdue|Clôturé perdu|"
        "Clôturée perdue|Abandonné|Abandonnée|Abandoned|Refusé|Sans suite|Loss"
    ),
}


def make(apps, _schema_editor):
    pipeline = apps.get_model("deals", "Pipeline").objects.create(
        name="Ventes", name_folded="ventes", is_default=True, position=0
    )
    stage_model = apps.get_model("deals", "Stage")
    stages = {
        code: stage_model.objects.create(
            pipeline=pipeline, code=code, position=position, probability=Decimal(probability), state=state
        )
        for position, (code, state, probability) in enumerate(STAGES)
    }
    name_model = apps.get_model("deals", "StageName")
    named = {fold(name): (name, stages[code]) for code, names in NAMES.items() for name in names.split("|")}
    name_model.objects.bulk_create(
        name_model(name=name, name_folded=folded, stage=stage) for folded, (name, stage) in named.items()
    )


class Migration(migrations.Migration):
    dependencies = [("deals", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
