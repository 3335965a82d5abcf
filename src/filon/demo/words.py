"""The words the sample year is made of: names, places, trades, pages, and what people say. All invented."""

from __future__ import annotations

from typing import Final


def _each(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


VENDOR: Final = "Tourélia"
"""The company whose year it is: it makes software for technicians on the road."""

DOMAIN: Final = "tourelia.example"

FIRST_NAMES: Final = _each("""
    Adèle Agathe Alban Alice Amandine Anaïs Antonin Arnaud Audrey Aurélien Axelle Basile Bastien Baptiste Bénédicte
    Benoît Camille Carole Caroline Cécile Cédric Céline Chloé Christelle Clément Corentin Damien Delphine Denis Diane
    Dorothée Édouard Élise Élodie Emma Éric Estelle Étienne Eva Fabien Fanny Farid Florence Florian Frédéric Gaëlle
    Gaspard Gilles Grégoire Guillaume Hélène Hervé Inès Isabelle Jérôme Joanna Jonathan Judith Julien Justine Karine
    Laetitia Laurent Léna Lionel Loïc Louise Lucas Ludovic Maëlle Malik Manon Marion Martin Mathilde Maud Maxime Mélanie
    Mickaël Mireille Mounir Nathalie Nicolas Noémie Nora Olivia Olivier Pascal Pauline Perrine Quentin Rachid Raphaël
    Régis Romain Roxane Sabine Samuel Sandrine Sarah Sébastien Solène Stéphane Sylvain Théo Tiphaine Valérie Vanessa
    Victor Vincent Virginie Yann Yasmine Yves Zoé""")
LAST_NAMES: Final = _each("""
    Abravel Albarède Ancelin Arnoult Aubertin Auvray Barbezat Barthès Beauvilliers Bellanger Bénéteau Berthomé
    Blanchard Boisseau Bonneval Bouvier Brisson Cadoux Calvet Carpentier Cassagne Chabrol Chambord Chastel Chauvet
    Clavière Colombel Cordier Courtois Crespin Dalmasso Darrieu Daubigny Delorme Delpech Desmarais Doucet Dufresne
    Dumontel Duparc Durieux Esnault Estève Fabregue Falconnet Faugère Ferrand Fontaine Forestier Gaillard Garancher
    Gauvain Gendron Giraudel Gosselin Grandin Guérinot Guilbert Hamelin Hédouin Hervouet Huguenin Jacquelin Jolivet
    Jouvenel Kerdoncuff Labarthe Lacombe Lagarde Lambertin Langlade Lavergne Lebrun Leclerq Lemoine Lesueur Lhermitte
    Loiseau Louvet Maillard Malherbe Marceau Maréchal Marsan Mauduit Mercadier Messager Monceau Montclar Moreau Morvan
    Naudin Nivelle Noiret Ormesson Pasquier Pélissier Perrault Peyrac Picardat Plantier Poncelet Prévost Quesnel Rabaud
    Ravel Renaudin Ribeyre Rivoire Rochebrune Rousselin Sabatier Saint-Clair Salvigny Savary Séguin Serrault Tavernier
    Teissier Thévenin Tourneur Trémolet Valadier Vasseur Verneuil Vialard Vidalin Villard Viguier""")
ONSETS: Final = _each("""
    Al An Ar Av Bal Bel Bor Bré Ca Cor Da Del Dol Du Él Es Fa Fer Ga Gal Gi Hal I Ja Ka La Lé Lo Ma Mé Mo Na Né No
    O Or Pa Pé Ra Ré Ro Sa Sé So Ta Té To U Va Vé Vi Y Za""")
MIDDLES: Final = _each("ba ca da do fi ga la li lo ma mi mo na ni no ra ri ro sa se ta ti to va ve vi xa zé")
ENDINGS: Final = _each("dis lia lys mar mond na nor nis ra rel ris sia tal tec tera tis val van vel via xis")

# Trades ---------------------------------------------------------------------------------------------------------------

SECTORS: Final = (
    ("Maintenance industrielle", 12, ("Maintenance", "Services", "Technic", "Interventions")),
    ("Industrie", 10, ("Industrie", "Mécanique", "Fabrication", "Composants")),
    ("Logistique", 6, ("Logistique", "Entrepôts", "Levage")),
    ("Transports", 5, ("Transports", "Mobilités")),
    ("Informatique", 5, ("Informatique", "Réseaux", "Infogérance")),
    ("Énergie", 12, ("Énergie", "Thermique", "Solaire")),
    ("Télécommunications", 9, ("Télécoms", "Fibre", "Réseaux")),
    ("Bâtiment", 15, ("Bâtiment", "Ascenseurs", "Génie climatique", "Menuiserie")),
    ("Santé", 5, ("Santé", "Biomédical")),
    ("Sécurité", 8, ("Sécurité", "Incendie")),
    ("Grande distribution", 7, ("Distribution", "Froid commercial")),
    ("Collectivités", 3, ("Habitat", "Eaux")),
    ("Environnement", 3, ("Propreté", "Recyclage")),
)
"""(sector, weight, what companies of it put behind their name)."""

MISSPELT: Final = {
    "Logistique": "Logistque",
    "Télécommunications": "Télécomunications",
    "Bâtiment": "Batimment",
    "Énergie": "Énnergie",
    "Transports": "Trasnports",
}

CITIES: Final = (
    ("Lyon", "FR"),
    ("Villeurbanne", "FR"),
    ("Nantes", "FR"),
    ("Lille", "FR"),
    ("Toulouse", "FR"),
    ("Bordeaux", "FR"),
    ("Rennes", "FR"),
    ("Strasbourg", "FR"),
    ("Paris", "FR"),
    ("Nanterre", "FR"),
    ("Saint-Étienne", "FR"),
    ("Grenoble", "FR"),
    ("Montpellier", "FR"),
    ("Dijon", "FR"),
    ("Angers", "FR"),
    ("Clermont-Ferrand", "FR"),
    ("Reims", "FR"),
    ("Tours", "FR"),
    ("Orléans", "FR"),
    ("Metz", "FR"),
    ("Rouen", "FR"),
    ("Le Havre", "FR"),
    ("Brest", "FR"),
    ("Annecy", "FR"),
    ("Bruxelles", "BE"),
    ("Liège", "BE"),
    ("Genève", "CH"),
    ("Luxembourg", "LU"),
    ("Barcelone", "ES"),
    ("Casablanca", "MA"),
)
DECIDES: Final = (
    ("Directeur des opérations", "Directrice des opérations"),
    ("Directeur technique", "Directrice technique"),
    ("Directeur général", "Directrice générale"),
    ("Responsable maintenance", "Responsable maintenance"),
    ("Responsable SAV", "Responsable SAV"),
    ("Responsable planification", "Responsable planification"),
    ("DSI", "DSI"),
    ("Gérant", "Gérante"),
    ("Président", "Présidente"),
    ("Responsable d'exploitation", "Responsable d'exploitation"),
)
WORKS: Final = (
    ("Chef d'équipe", "Cheffe d'équipe"),
    ("Chargé de planification", "Chargée de planification"),
    ("Conducteur de travaux", "Conductrice de travaux"),
    ("Technicien de maintenance", "Technicienne de maintenance"),
    ("Assistant d'agence", "Assistante d'agence"),
    ("Acheteur", "Acheteuse"),
    ("Chef de projet SI", "Cheffe de projet SI"),
    ("Ingénieur méthodes", "Ingénieure méthodes"),
    ("Contrôleur de gestion", "Contrôleuse de gestion"),
)
WOMEN: Final = frozenset(
    _each("""
    Adèle Agathe Alice Amandine Anaïs Audrey Axelle Bénédicte Camille Carole Caroline Cécile Céline Chloé Christelle
    Delphine Diane Dorothée Élise Élodie Emma Estelle Eva Fanny Florence Gaëlle Hélène Inès Isabelle Joanna Judith
    Justine Karine Laetitia Léna Louise Maëlle Manon Marion Mathilde Maud Mélanie Mireille Nathalie Noémie Nora Olivia
    Pauline Perrine Roxane Sabine Sandrine Sarah Solène Tiphaine Valérie Vanessa Virginie Yasmine Zoé""")
)
ISSUES: Final = (
    "Plannings refaits chaque matin, techniciens appelés sur la route.",
    "Comptes rendus sur papier, facturation avec trois semaines de retard.",
    "Pièces introuvables dans les camions, deuxième passage une fois sur quatre.",
    "Contrats de maintenance suivis dans un tableur, visites oubliées.",
    "Pas de visibilité pour les clients sur l'heure de passage.",
    "Deux agences rachetées, trois logiciels différents.",
)
TOOLS: Final = ("Excel", "Papier", "Un logiciel maison", "Planifix", "Optirun", "Un module de l'ERP")

# What happens ---------------------------------------------------------------------------------------------------------

PAGES: Final = (
    "/",
    "/fonctionnalites/planning",
    "/fonctionnalites/mobile",
    "/fonctionnalites/pieces-detachees",
    "/fonctionnalites/contrats",
    "/clients",
    "/clients/ascensoristes",
    "/clients/genie-climatique",
    "/blog/preparer-l-ete-des-frigoristes",
    "/blog/cinq-indicateurs-du-terrain",
    "/integrations",
    "/securite",
)
PRICES: Final = "/tarifs"
PAPERS: Final = (
    "/livres-blancs/planning-sans-tableur",
    "/livres-blancs/facturer-le-jour-meme",
    "/livres-blancs/choisir-son-logiciel-d-intervention",
    "/livres-blancs/zero-papier-sur-le-terrain",
)
MAILS: Final = (
    "/newsletter/indicateurs-du-terrain",
    "/newsletter/temoignage-frigoriste",
    "/newsletter/nouveautes-mobile",
    "/newsletter/calculer-le-retour",
    "/newsletter/invitation-webinaire",
)
MESSAGES: Final = (
    "Bonjour, nous avons {techs} techniciens et voulons remplacer {tool}. Pouvez-vous nous montrer votre solution ?",
    "Nous comparons trois solutions pour un démarrage au prochain trimestre.",
    "Je souhaite un devis pour {techs} utilisateurs.",
    "Est-ce que votre application fonctionne sans réseau, en sous-sol ?",
    "Intéressé par le suivi des pièces et le lien avec notre ERP.",
    "On me demande un dossier pour le comité du mois prochain.",
)
TALKS: Final = (
    "{techs} techniciens, planning sous {tool}. Irritant principal : la ressaisie des comptes rendus.",
    "Projet porté par la direction, budget à confirmer au prochain comité. Décision à trois mois.",
    "Veut voir le mode hors ligne et le lien avec la comptabilité. Déjà en contact avec Optirun.",
    "Échange de vingt minutes. {techs} utilisateurs, deux agences. D'accord pour une démonstration.",
    "Très remonté contre {tool}. Souhaite un démarrage avant la haute saison.",
    "Décision avec le responsable informatique, à inviter à la démonstration.",
)
MEETINGS: Final = (
    "Démonstration devant quatre personnes. Atouts : planning, hors ligne. À traiter : reprise des contrats.",
    "Cadrage fait : {techs} licences, connecteur comptable, deux jours de formation.",
    "Démonstration suivie d'un essai sur une agence. Retour prévu sous dix jours.",
    "Rendez-vous avec le directeur financier : demande un échéancier sur trois ans.",
)
WRITTEN: Final = (
    "Bonjour, j'ai essayé de vous joindre au sujet de votre demande. Êtes-vous disponible jeudi matin ?",
    "Je vous envoie le livre blanc promis, et deux créneaux pour en parler.",
    "Suite à notre échange, voici le compte rendu et la proposition de rendez-vous.",
    "Relance : avez-vous pu en parler à votre direction ?",
)
ANSWERS: Final = (
    "Merci, mardi 14 h me convient.",
    "Bien reçu, je fais suivre à mon responsable et je reviens vers vous.",
    "Pouvez-vous préciser le prix pour {techs} utilisateurs ?",
    "Nous avons pris du retard, rappelez-moi le mois prochain.",
)
NEXT_STEPS: Final = {
    "prospecting": ("Appeler pour cadrer le besoin", "Envoyer la présentation", "Caler une démonstration"),
    "engaged": ("Démonstration sur site", "Identifier qui décide", "Envoyer le chiffrage"),
    "proposal": (
        "Relancer sur la proposition",
        "Présenter la proposition au comité",
        "Répondre aux questions techniques",
    ),
    "negotiation": ("Négocier les conditions", "Obtenir le bon de commande", "Faire valider par les achats"),
}
"""What a seller plans next, by the stage of the opportunity."""
NOT_NOW: Final = (
    "Projet reporté au prochain exercice",
    "Pas de projet avant six mois",
    "Vient de renouveler son contrat actuel",
    "Pas de budget cette année",
)
REFUSALS: Final = ("Pas de projet", "Pas le bon interlocuteur", "Dossier incomplet", "Hors cible", "Déjà suivi")
EXITS: Final = ("Hors cible", "Injoignable", "Coordonnées fausses", "Hors cible", "Doublon")
LOSSES: Final = (
    ("price", 24),
    ("competitor", 22),
    ("no_answer", 18),
    ("postponed", 14),
    ("no_budget", 10),
    ("status_quo", 8),
    ("missing_feature", 4),
)

ROLES: Final = (("decision_maker", 38), ("influencer", 28), ("user", 12), ("", 22))
"""What the person of a lead is in its opportunity, and how often."""
SEASON: Final = tuple(enumerate((0.8, 0.9, 1.1, 1.0, 1.0, 1.2, 0.7, 0.4, 1.1, 1.2, 1.2, 1.4), start=1))
"""Month, and its share of a usual one in what sellers shall win."""
