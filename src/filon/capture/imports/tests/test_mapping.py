"""Columns find their fields: the golden files by themselves, exports by their preset."""

from itertools import islice

import pytest

from filon.capture.imports.fields import ATTRIBUTE_PREFIX, KINDS, column_key, field_named, fields_of
from filon.capture.imports.mapping import (
    IGNORED,
    ColumnChoice,
    MappingError,
    load_preset,
    override,
    parse_map_option,
    parse_set_option,
    preset_names,
    propose,
    with_styles,
)
from filon.capture.imports.reading import read_rows, sniff

X_EDUCATION = (  # noqa: SIM905 (as the file's first line has it)
    "Prospect ID,Lead Number,Lead Origin,Lead Source,Do Not Email,Do Not Call,Converted,TotalVisits,"
    "Total Time Spent on Website,Page Views Per Visit,Last Activity,Country,Specialization,"
    "How did you hear about X Education,What is your current occupation,"
    "What matters most to you in choosing a course,Search,Magazine,Newspaper Article,X Education Forums,Newspaper,"
    "Digital Advertisement,Through Recommendations,Receive More Updates About Our Courses,Tags,Lead Quality,"
    "Update me on Supply Chain Content,Get updates on DM Content,Lead Profile,City,Asymmetrique Activity Index,"
    "Asymmetrique Profile Index,Asymmetrique Activity Score,Asymmetrique Profile Score,"
    "I agree to pay the amount through cheque,A free copy of Mastering The Interview,Last Notable Activity,Column 38"
).split(",")

MAVEN = {
    ("opportunities", "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"): (
        "external_id,owner,product,company.name,stage,created_at,close_date,amount"
    ),
    ("companies", "account,sector,year_established,revenue,employees,office_location,subsidiary_of"): (
        "company.name,company.sector,attributes.year_established,company.revenue,company.employees,company.country,"
        "attributes.subsidiary_of"
    ),
    ("products", "product,series,sales_price"): "name,series,price",
    ("users", "sales_agent,manager,regional_office"): "name,manager,office",
}


def proposed(kind, header, samples=(), preset=None):
    return {choice.column: choice.field for choice in propose(kind, header, samples, preset)}


def test_x_education_maps_by_itself():
    fields = proposed("leads", X_EDUCATION)
    known = {
        "Prospect ID": "external_id",
        "Lead Source": "source",
        "Country": "country",
        "City": "city",
        "Converted": "outcome",
        "Column 38": IGNORED,
    }
    assert fields == {name: known.get(name, ATTRIBUTE_PREFIX + name) for name in X_EDUCATION}


def test_the_golden_headers_are_those_of_the_files(data):
    assert sniff(data / "x_education" / "Leads.csv").header == X_EDUCATION
    files = {"opportunities": "sales_pipeline", "companies": "accounts", "products": "products", "users": "sales_teams"}
    for kind, header in MAVEN:
        assert sniff(data / "maven_crm" / f"{files[kind]}.csv").header == header.split(",")


@pytest.mark.parametrize(("kind", "header"), MAVEN)
def test_maven_maps_by_itself(kind, header):
    assert ",".join(proposed(kind, header.split(",")).values()) == MAVEN[kind, header]


@pytest.mark.parametrize("name", ["sales_pipeline", "accounts"])
def test_samples_change_nothing_for_maven(data, name):
    path = data / "maven_crm" / f"{name}.csv"
    layout = sniff(path)
    samples = [row.cells for row in islice(read_rows(path, layout), 200)]
    kind = "companies" if name == "accounts" else "opportunities"
    assert proposed(kind, layout.header, samples) == proposed(kind, layout.header)


def test_french_names_map_too():
    header = "Prénom;Nom;Adresse e-mail;Téléphone portable;Société;Intitulé du poste;Pays;Ville;Créé le;Propriétaire"
    assert list(proposed("leads", header.split(";")).values()) == [
        *("first_name", "last_name", "email", "phone", "company.name", "job_title", "country", "city"),
        *("captured_at", "owner"),
    ]


def test_own_names_come_back_whole():
    for kind in KINDS:
        names = [field.name for field in fields_of(kind)] + ["attributes.Favourite colour"]
        assert list(proposed(kind, names).values()) == names


def test_a_field_is_given_once_to_the_surest_name():
    fields = proposed("leads", ["Mobile", "Phone", "Lead Number", "Prospect ID", "Phone (2)"])
    assert fields["Phone"] == "phone"
    assert fields["Mobile"] == "attributes.Mobile"
    assert fields["Prospect ID"] == "external_id"
    assert fields["Lead Number"] == "attributes.Lead Number"
    taken = [field for field in fields.values() if not field.startswith(ATTRIBUTE_PREFIX)]
    assert len(taken) == len(set(taken))


def test_content_tells_what_a_name_does_not():
    samples = [["a@b.fr", "linkedin.com/in/ana", "x"], ["", "https://fr.linkedin.com/in/ben/", "c@d.fr"]]
    choices = propose("leads", ["Column 1", "Profil", "Remarque"], samples)
    assert [(choice.field, choice.reason) for choice in choices] == [
        ("email", "content"),
        ("linkedin_url", "content"),
        ("attributes.Remarque", "attribute"),
    ]


def test_a_column_empty_in_the_samples_keeps_its_field():
    assert proposed("leads", ["Email", "Phone", "Column 3"], [["a@b.fr", "", ""]]) == {
        "Email": "email",
        "Phone": "phone",
        "Column 3": IGNORED,
    }


@pytest.mark.parametrize(
    ("kind", "name", "cells", "style"),
    [
        ("leads", "Created", ["03/04/2026", "02/26/2026"], "month_first"),
        ("leads", "Created", ["26/02/2026"], "day_first"),
        ("leads", "Created", ["03/04/2026"], ""),
        ("opportunities", "Amount", ["1,5", "1,234"], "decimal_comma"),
        ("opportunities", "Amount", ["1,234.50"], "decimal_point"),
        ("opportunities", "Probability", ["0.2", "1.0", ""], "fraction"),
        ("opportunities", "Probability", ["0", "1"], ""),
        ("opportunities", "Probability", ["20", "0.5"], "decimal_point"),
        ("leads", "Notes", ["1,5"], ""),
    ],
)
def test_a_column_tells_how_it_writes(kind, name, cells, style):
    (choice,) = propose(kind, [name], [[cell] for cell in cells])
    assert choice.style == style


def test_styles_follow_a_changed_field():
    choices = override(propose("leads", ["When"], []), [("When", "captured_at")])
    assert with_styles("leads", choices, [["02/26/2026"]])[0].style == "month_first"


@pytest.mark.parametrize(
    ("preset", "kind", "header", "fields"),
    [
        (
            "hubspot",
            "leads",
            "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,Create Date,City",
            "external_id,first_name,last_name,email,phone,owner,stage,captured_at,city",
        ),
        (
            "hubspot",
            "opportunities",
            "ID d'enregistrement,Nom de la transaction,Phase de la transaction,Montant,Date de fermeture",
            "external_id,name,stage,amount,close_date",
        ),
        (
            "pipedrive",
            "opportunities",
            "Deal - ID,Deal - Title,Deal - Value,Deal - Currency of value,Deal - Status,Deal - Won time,Deal - Owner",
            "external_id,name,amount,currency,outcome,won_at,owner",
        ),
        (
            "pipedrive",
            "opportunities",
            "Affaire - Titre,Affaire - Valeur,Affaire - Organisation,Affaire - Étape,Affaire - Date de clôture prévue",
            "name,amount,company.name,stage,close_date",
        ),
        (
            "salesforce",
            "leads",
            "Lead ID,First Name,Last Name,Company / Account,Lead Source,Lead Status,Converted,Create Date,Lead Owner",
            "external_id,first_name,last_name,company.name,source,stage,outcome,captured_at,owner",
        ),
        (
            "salesforce",
            "companies",
            "ID du compte,Nom du compte,Secteur d'activité,Pays de facturation",
            "external_id,company.name,company.sector,company.country",
        ),
        (
            "hubspot",
            "events",
            "Record ID,Call Title,Activity date,Call notes,Call direction,Call outcome,Associated Contact IDs",
            "external_id,title,at,text,direction,outcome,lead.external_id",
        ),
        (
            "pipedrive",
            "events",
            "ID,Subject,Type,Note,Due date,Done,Marked as done time,Add time,Contact person ID",
            "external_id,title,kind,text,due,state,at,created_at,lead.external_id",
        ),
        (
            "pipedrive",
            "events",
            "ID,Content,Contact person ID,Add time",
            "external_id,text,lead.external_id,created_at",
        ),
        (
            "salesforce",
            "events",
            "Id,WhoId,Subject,ActivityDate,Status,Description,TaskSubtype,CallType,CallDisposition,CreatedDate",
            "external_id,lead.external_id,title,due,state,text,kind,direction,outcome,created_at",
        ),
        ("excel", "events", "Date,Type,E-mail,Compte rendu,Résultat", "at,kind,email,text,outcome"),
        ("excel", "leads", "Nom,Prénom,Tél.,Salon,Suivi par", "last_name,first_name,phone,campaign,owner"),
    ],
)
def test_presets_know_their_exports(preset, kind, header, fields):
    choices = propose(kind, header.split(","), [], load_preset(preset))
    assert ",".join(choice.field for choice in choices) == fields
    assert {choice.reason for choice in choices} == {"preset"}


def test_every_preset_loads_for_contacts_companies_deals_and_activities():
    assert preset_names() == ["excel", "hubspot", "pipedrive", "salesforce"]
    for name in preset_names():
        preset = load_preset(name)
        assert preset.system == name
        assert all(preset.columns[kind] for kind in ("leads", "companies", "opportunities", "events"))
        assert preset.kinds


def test_a_preset_of_ones_own_is_read_and_its_mistakes_are_named(write):
    good = load_preset(str(write('label = "Ours"\nsystem = "erp"\n[leads]\n"Kd-Nr" = "external_id"\n', "erp.toml")))
    assert (good.system, proposed("leads", ["KD NR"], preset=good)) == ("erp", {"KD NR": "external_id"})
    with pytest.raises(MappingError, match="Did you mean “email”"):
        load_preset(str(write('[leads]\n"Mail" = "emial"\n', "bad.toml")))
    with pytest.raises(MappingError, match="excel, hubspot"):
        load_preset("zoho")
    for content in ("[leads", "leads = 5", b"\xff"):
        with pytest.raises(MappingError):
            load_preset(str(write(content, "broken.toml")))
    with pytest.raises(MappingError, match="cannot be read"):
        load_preset("nowhere.toml")


def test_options_name_the_nearest_thing():
    header = ["E-Mail", "a=b", "Nom"]
    assert parse_map_option("E-Mail=email", "leads", header) == ("E-Mail", "email")
    assert parse_map_option("e_mail=email", "leads", header) == ("E-Mail", "email")
    assert parse_map_option("a=b=attributes.x", "leads", header) == ("a=b", "attributes.x")
    assert parse_map_option("Nom=ignored", "leads", header) == ("Nom", IGNORED)
    assert parse_set_option("campaign=Salon=2026", "leads") == ("campaign", "Salon=2026")
    for text, match in (
        ("E-Mail=emial", "Did you mean “email”"),
        ("Nam=email", "Did you mean “Nom”"),
        ("Nom", "write COLUMN=FIELD"),
        ("=email", "write COLUMN=FIELD"),
    ):
        with pytest.raises(MappingError, match=match):
            parse_map_option(text, "leads", header)
    for text, match in (
        ("chanel=web", "Did you mean “channel”"),
        ("x", "write FIELD=VALUE"),
        ("ignored=1", "no field"),
    ):
        with pytest.raises(MappingError, match=match):
            parse_set_option(text, "leads")


def test_a_chosen_field_leaves_its_first_column():
    choices = propose("leads", ["Email", "Mail 2"], [])
    changed = override(choices, [("Mail 2", "email")])
    assert [(choice.column, choice.field) for choice in changed] == [("Email", "attributes.Email"), ("Mail 2", "email")]
    with pytest.raises(MappingError, match="given to two columns"):
        override(choices, [("Email", "email"), ("Mail 2", "email")])
    assert override(choices, [("Email", IGNORED), ("Mail 2", IGNORED)])[1].field == IGNORED


def test_names_are_compared_as_people_read_them():
    assert column_key("firstName") == column_key("First_Name") == column_key(" FIRST  NAME ") == "first name"
    assert column_key("Numéro de téléphone") == "numero de telephone"
    assert field_named("leads", "attributes.") is None
    assert field_named("users", "amount") is None
    assert isinstance(propose("leads", ["x"], [])[0], ColumnChoice)


@pytest.mark.parametrize("preset", [None, "pipedrive", "excel"])
@pytest.mark.parametrize(
    ("field", "names"),
    [
        (
            "email",
            "E-mail|E-mails|Email|Emails|eMail|Mail|Courriel|Mail pro|Adresse e-mail|Adresse mail|Adresse email|"
            "E-mail professionnel|Email pro|E-mail pro|E\u2011mail|E\u2010mail pro|e mail|E_MAIL",
        ),
        ("phone", "Tél.|Tél|Téléphone|Telephone|Portable|Mobile|Tél. portable|Téléphone pro|N° de téléphone"),
        ("company.name", "Société|Entreprise|Raison sociale|Nom de la société|Nom de l\u2019entreprise"),
        ("last_name", "Nom|Nom de famille"),
        ("first_name", "Prénom|PRENOM"),
    ],
)
def test_names_that_people_use_are_known_whatever_the_values(preset, field, names):
    preset = load_preset(preset) if preset else None
    for name in names.split("|"):
        assert proposed("leads", ["Colonne", name], [("x", "pas une valeur")] * 3, preset)[name] == field, name


def test_a_name_of_an_email_column_wins_over_a_column_that_only_looks_like_one():
    rows = [("a@ex.fr", "b@ex.fr"), ("c@ex.fr", "pasunmail")]
    assert proposed("leads", ["Divers", "E-mail"], rows) == {"Divers": "attributes.Divers", "E-mail": "email"}
