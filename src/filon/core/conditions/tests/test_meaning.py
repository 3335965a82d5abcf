"""What conditions mean, rule by rule: each example is asked of the closure and of every database at hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from filon.core.conditions import compile_closure, compile_sql, parse
from filon.core.conditions.tests import world
from filon.core.conditions.tests.world import AT, REGISTRY

_COLUMNS = """source medium fit engagement_log probability is_open captured_at tags import_id attributes_folded owner
person company"""
_NOTHING = dict.fromkeys(_COLUMNS.split()) | {"stage": "captured", "channel": "", "acts": []}


def lead(**values):
    return _NOTHING | values


def act(kind="page_viewed", *, ago=timedelta(0), **values):
    base = {"kind": kind, "at": AT - ago, "channel": "web", "path": "/", "value": None, "campaign": None}
    return base | {"is_machine": False, "revoked": False, "payload": {}} | values


@pytest.fixture
def holds(database):
    """Whether a condition holds for a lead; every engine must say the same."""

    def ask(text, one):
        node = parse(text, REGISTRY)
        subject = world.subject_of(one, 1)
        database.put([subject])
        in_memory = compile_closure(node, REGISTRY)(subject, AT)
        assert [bool(answer) for answer in database.answers(node)] == [in_memory]
        return in_memory

    return ask


@pytest.mark.parametrize(
    "text", ["fit != 1", "fit < 1", "fit >= 0", "fit in (1)", "source != x", 'source contains "x"']
)
def test_a_comparison_with_an_empty_value_is_false_and_not_is_its_complement(holds, text):
    assert not holds(text, lead(source=""))
    assert holds(f"not {text}", lead(source=""))


@pytest.mark.parametrize(
    "text",
    [
        "source is empty",
        "fit is empty",
        "is_open is empty",
        "captured_at is empty",
        "owner is empty",
        "channel is empty",
        "attributes.x is empty",
        "stakes is empty",
        "person.job_title is empty",
    ],
)
def test_is_empty_asks_for_nothing_and_for_an_empty_text(holds, text):
    assert holds(text, lead())
    assert holds(
        text,
        lead(source="", attributes_folded={"x": ""}, person={"job_title": " ", "email": ""}),
    )
    full = lead(
        source="x",
        fit=Decimal(0),
        is_open=False,
        captured_at=AT,
        owner="Claire",
        channel="web",
        attributes_folded={"x": "y"},
        person={"job_title": "CTO", "email": "a@b.fr"},
        company={
            "employees": 1,
            "revenue": None,
            "is_customer": False,
            "stakes": ["", "coût"],
            "attributes_folded": None,
        },
    )
    assert not holds(text, full)
    assert holds(text.replace("is empty", "is not empty"), full)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("person.job_title contains DIRECTEUR", "Directeur  des achats"),
        ('person.job_title = "directrice generale"', " Directrice Générale "),
        ("person.job_title starts_with strasse", "Straße 1"),
        ("person.job_title ends_with istanbul", "Chef İstanbul"),
        ("person.job_title in (cto, finance)", "ﬁnance"),
        ('person.job_title contains "l\'oeuvre"', "Chef de l’Œuvre"),
        ('person.job_title = "100%"', "100%"),
        (r'person.job_title contains "a\\b"', "xa\\by"),
    ],
)
def test_text_compares_folded_on_both_sides(holds, text, stored):
    assert holds(text, lead(person={"job_title": stored, "email": None}))


@pytest.mark.parametrize(
    ("text", "stored"), [('"a_b"', "axb"), ('"a%b"', "axxb"), ('"%"', "x"), ('"_"', "x"), ('"[a]"', "a"), ('"*"', "x")]
)
@pytest.mark.parametrize("operator", ["=", "contains", "starts_with", "ends_with"])
def test_no_character_of_a_text_is_a_wildcard(holds, text, stored, operator):
    assert not holds(f"source {operator} {text}", lead(source=stored))


def test_a_code_differs_by_accents_but_not_by_the_case_of_ascii(holds):
    assert holds('medium = "/TARIFS"', lead(medium="/Tarifs"))
    assert not holds("medium = CAFE", lead(medium="café"))
    assert not holds("medium = CAFÉ", lead(medium="café"))


def test_numbers_are_decimals(holds):
    assert holds("fit = 0.1", lead(fit=Decimal("0.10")))
    assert holds("probability = 0.1", lead(probability=0.1))
    assert not holds("probability = 0.3", lead(probability=0.1 + 0.2))
    assert holds("fit > -0.2 and fit < 0 and fit in (1, -0.1)", lead(fit=Decimal("-0.1")))


def test_engagement_is_compared_at_the_moment_asked_for(holds):
    hot = lead(engagement_log=world.engagement_at(40, AT - timedelta(days=14)))
    assert holds("engagement > 19.9 and engagement < 20.1", hot)


@pytest.mark.parametrize(
    ("text", "stored", "is_true"),
    [
        ("attributes.x = 5", "5.0", True),
        ("attributes.x = 5", "05", True),
        ('attributes.x = "5"', "5.0", False),
        ('attributes.x = "5"', "5", True),
        ("attributes.x > 4", "five", False),
        ("attributes.x != 5", "five", True),
        ("attributes.x != 5", "", False),
        ("attributes.x < 0", "-5", True),
        ("attributes.x > 0", "1e5", False),
        ("attributes.x > 0", "1234567890123456", False),
        ("attributes.x > 0", "123456789012345", True),
        ("attributes.x in (4, 5)", "5", True),
        ("attributes.x in (4, five)", "five", True),
        ("attributes.x contains 5", "15 rue", True),
    ],
)
def test_an_attribute_is_a_number_only_beside_a_number(holds, text, stored, is_true):
    assert holds(text, lead(attributes_folded={"x": stored})) is is_true


def test_an_attribute_is_found_by_its_folded_name(holds):
    one = lead(attributes_folded={"lead origin": "landing page", 'quo"te\\': "yes"})
    assert holds('attributes."Lead  Origin" = "Landing Page"', one)
    assert holds(r'attributes."Quo\"te\\" = yes', one)
    assert not holds('attributes."Origin" is not empty', one)


def test_a_reference_is_compared_by_number_or_by_name_and_is_empty_without_an_id(holds):
    owned = lead(owner="Hélène Roux")
    assert holds("owner = 1 and owner = “helene roux”".replace("“", '"').replace("”", '"'), owned)
    assert holds('owner in (7, "Hélène Roux") and owner != 7 and owner contains roux', owned)
    assert not holds("owner = 7", owned)
    assert not holds("owner != helene", lead())


def test_a_day_is_the_whole_day_in_the_zone_of_the_workspace(holds):
    night = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # 00:30 on the 29th in Paris, the short day
    one = lead(captured_at=night)
    assert holds("captured_at = 2026-03-29 and captured_at >= 2026-03-29 and captured_at <= 2026-03-29", one)
    assert holds("captured_at > 2026-03-28 and captured_at < 2026-03-30 and captured_at != 2026-03-28", one)
    assert not holds("captured_at > 2026-03-29", lead(captured_at=datetime(2026, 3, 29, 21, 59, 59, 999999, UTC)))
    assert holds("captured_at > 2026-03-29", lead(captured_at=datetime(2026, 3, 29, 22, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("captured_at = 2026-03-30T10:00:00Z", False),
        ("captured_at = 2026-03-30T10:00:00.000001Z", True),
        ("captured_at > 2026-03-30T10:00Z", True),
        ("captured_at <= 2026-03-30T12:00:00.000001", True),
        ("captured_at <= 2026-03-30 12:00", False),
        ("captured_at >= 2026-03-30T11:00:00.000001+01:00", True),
    ],
)
def test_a_time_is_exact_to_the_microsecond(holds, text, is_true):
    assert holds(text, lead(captured_at=datetime(2026, 3, 30, 10, 0, 0, 1, UTC))) is is_true


def test_now_is_the_moment_asked_for(holds):
    week = lead(captured_at=AT - timedelta(days=7))
    assert holds("captured_at = now - 7 days and captured_at >= now-1 weeks and captured_at < NOW", week)
    assert not holds("captured_at > now - 7 days", week)
    assert holds("captured_at = now + 2 hours", lead(captured_at=AT + timedelta(hours=2)))
    assert holds("captured_at = now - 1 month", lead(captured_at=AT - timedelta(days=30)))


def test_a_boolean_field_stands_alone(holds):
    assert holds("is_open and not is_open = false", lead(is_open=True))
    assert holds("is_open = false and is_open != true", lead(is_open=False))
    assert not holds("is_open != true", lead())


def test_a_many_valued_field_matches_when_any_value_does(holds):
    one = lead(tags=["Alpha", "bêta"])
    assert holds("tags = alpha and tags = bêta and tags != alpha and tags starts_with b", one)
    assert not holds("tags = gamma", one)
    assert not holds("tags != alpha", lead(tags=["alpha"]))
    assert not holds("tags != alpha", lead(tags=[]))
    assert holds("tags is empty", lead(tags=["", ""]))


def test_a_window_begins_just_after_its_start_and_ends_at_the_moment(holds):
    text = "count(page_viewed, 30 days) = 1"
    month, tick = timedelta(days=30), timedelta(microseconds=1)
    assert not holds(text, lead(acts=[act(ago=month)]))
    assert holds(text, lead(acts=[act(ago=month - tick)]))
    assert holds(text, lead(acts=[act(ago=timedelta(0))]))
    assert not holds(text, lead(acts=[act(ago=-tick)]))
    assert holds("count(page_viewed) = 1", lead(acts=[act(ago=month * 90), act(ago=-tick)]))


def test_machines_and_revoked_facts_are_not_counted(holds):
    acts = [act(), act(is_machine=True), act(revoked=True), act("form_submitted")]
    assert holds("count(page_viewed) = 1 and count(any) = 2", lead(acts=acts))


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_a_count_compares_with_any_number(holds, operator, number):
    expected = {
        "=": number == 2,
        "!=": number != 2,
        "<": number > 2,
        "<=": number >= 2,
        ">": number < 2,
        ">=": number <= 2,
    }
    assert holds(f"count(any) {operator} {number}", lead(acts=[act(), act()])) is expected[operator]


def test_acts_are_counted_where_their_own_fields_say_so(holds):
    acts = [
        act(path="/Tarifs/pro", payload={'fo"rm': "Demo", "seconds": 40}, campaign="salon lyon"),
        act(path="/tarifs", ago=timedelta(days=3), value=Decimal("2.5")),
        act("form_submitted", channel="email", payload={"is_repeat": True}),
    ]
    one = lead(acts=acts)
    assert holds('count(page_viewed where path starts_with "/tarifs", 30 days) >= 2', one)
    assert not holds('count(page_viewed where path starts_with "/tarifs", 2 days) >= 2', one)
    assert holds('count(any where campaign = "Salon Lyon" or channel = email) = 2', one)
    assert holds("count(any where form = demo and seconds >= 40) = 1", one)
    assert holds("count(any where is_repeat) = 1 and count(any where value > 2) = 1", one)
    assert holds("count(any where not campaign is empty) = 1", one)
    assert holds("count(any where at > now - 1 day and kind in (page_viewed, form_submitted)) = 2", one)


def test_thousands_of_terms_and_fifty_levels_run_everywhere(holds):
    many = " or ".join(["fit=1"] * 980 + ["fit=2"])
    assert holds(many, lead(fit=Decimal(2)))
    deep = "not " * 49 + "(fit = 2)"
    assert not holds(deep, lead(fit=Decimal(2)))
    nested = "fit = 1 or (fit = 3 and " * 48 + "fit = 2" + ")" * 48
    assert not holds(nested, lead(fit=Decimal(2)))


def test_a_required_choice_is_a_bare_comparison_that_an_index_serves():
    sql = compile_sql(parse("stage = mql", REGISTRY), REGISTRY, at=AT, vendor="postgresql")
    assert (sql.text, sql.params, sql.tables) == ("lead.stage = %s", ("mql",), {"lead"})


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("stage = mql", "lead_stage"),
        ("stage in (mql, sql)", "lead_stage"),
        ("source starts_with goo", "lead_source"),
        ("source = google and not fit = 3", "lead_source"),
        ("captured_at >= now - 7 days", "lead_captured"),
        ("captured_at = 2026-03-29", "lead_captured"),
        ("stage = mql or captured_at = 2026-03-29", "MULTI-INDEX OR"),
    ],
)
def test_simple_comparisons_use_an_index_on_sqlite(text, index):
    assert index in world.SQLiteWorld().plan(parse(text, REGISTRY))


def test_the_tables_to_join_are_named():
    node = parse('owner contains roux and company.employees > 5 and count(any where campaign = "x") > 1', REGISTRY)
    assert compile_sql(node, REGISTRY, at=AT, vendor="sqlite").tables == {"lead", "owner", "company"}


def test_what_makes_a_fact_live_can_be_replaced():
    sql = compile_sql(parse("count(any) >= 1", REGISTRY), REGISTRY, at=AT, vendor="sqlite", live_fact="fact.id > 0")
    assert "fact.id > 0" in sql.text
    assert "revokes_id" not in sql.text


def test_values_never_stand_in_the_text_of_the_sql():
    node = parse("source = zebra1 or fit = 4242 or attributes.zebra2 contains zebra3 or medium in (zebra4)", REGISTRY)
    for vendor in ("sqlite", "postgresql"):
        text = compile_sql(node, REGISTRY, at=AT, vendor=vendor).text
        assert "zebra" not in text
        assert "4242" not in text


def test_a_field_no_longer_offered_is_named():
    node = parse("source = x", REGISTRY)
    smaller = type(REGISTRY)([])
    with pytest.raises(LookupError, match="source"):
        compile_closure(node, smaller)
    with pytest.raises(LookupError, match="source"):
        compile_sql(node, smaller, at=AT, vendor="sqlite")
