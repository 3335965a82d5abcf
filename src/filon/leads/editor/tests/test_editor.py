"""The form means what the text means, and gives back what was typed."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from filon.core.conditions import compile_closure, parse, unparse
from filon.core.conditions.tests import world
from filon.leads.editor import form
from filon.leads.editor.lines import Block, Line, Offer, WrongLine, to_block, to_node
from filon.leads.fields import REGISTRY
from tests.frame.effort import examples

LEAD = Offer(REGISTRY, "person.job_title")
ACT = Offer(REGISTRY, "path", is_act=True)
WORLD = Offer(world.REGISTRY, "stage", counts=True)
COUNTING = Offer(REGISTRY, "stage", counts=True)


def block_of(text, offer=LEAD):
    return to_block(tree_of(text, offer), offer)


def tree_of(text, offer=LEAD):
    if offer.is_act:
        return parse(f"count(any where {text}) >= 1", REGISTRY).where
    return parse(text, REGISTRY)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("company.employees >= 50", Block("all", (Line("company.employees", "least", ("50",)),))),
        (
            "person.job_title contains dsi or person.job_title contains daf",
            Block("all", (Line("person.job_title", "contains", ("dsi", "daf")),)),
        ),
        (
            "person.email is not empty and not (person.email ends_with @a.fr or person.email ends_with @b.fr)",
            Block("all", (Line("person.email", "filled"), Line("person.email", "ends_not", ("@a.fr", "@b.fr")))),
        ),
        (
            "channel in (web, event) or person.job_title contains a or person.job_title contains b",
            Block("any", (Line("channel", "is", ("web", "event")), Line("person.job_title", "contains", ("a", "b")))),
        ),
        (
            "company.country in (FR, BE) or company.country is empty and person.country = FR",
            Block(
                "any",
                (
                    Line("company.country", "is", ("FR", "BE")),
                    Block("all", (Line("company.country", "empty"), Line("person.country", "is", ("FR",)))),
                ),
            ),
        ),
        ('attributes."Lead Origin" = API', Block("all", (Line("attributes.", "is", ("API",), "Lead Origin"),))),
        ("not company.is_customer", None),
        ("count(page_viewed) >= 1", None),
        ("channel = web and (source = a or (source = b and medium = c))", None),
    ],
)
def test_a_condition_becomes_lines_when_it_is_not_too_deep(text, block):
    assert block_of(text) == block


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("captured_at >= now - 7 days", Line("captured_at", "within", ("7", "days"))),
        ("last_act_at <= now - 2 weeks", Line("last_act_at", "older", ("2", "weeks"))),
        ("due_at <= now + 3 hours", Line("due_at", "ahead", ("3", "hours"))),
        ("due_at < now", Line("due_at", "past")),
        ("due_at > now", Line("due_at", "to_come")),
        ("captured_at >= 2026-03-01", Line("captured_at", "since", ("2026-03-01",))),
        ('source = "now"', Line("source", "is", ("now",))),
        ("count(page_viewed, 30 days) >= 2", Line("count:page_viewed", "times_least", ("2", "30", "days"))),
        ("count(any) = 0", Line("count:any", "times_exactly", ("0", "", "days"))),
        ("captured_at > now - 7 days", None),
        ("not captured_at >= now - 7 days", None),
        ("count(page_viewed where path = a) >= 2", None),
        ("count(page_viewed) > 2", None),
        ("not count(page_viewed) >= 2", None),
    ],
)
def test_moments_that_move_and_counts_of_acts_are_lines_too(text, line):
    block = block_of(text, COUNTING)
    assert block == (None if line is None else Block("all", (line,)))
    if block is not None:
        assert to_node(block, COUNTING) == tree_of(text, COUNTING)


def test_a_condition_on_an_act_becomes_lines():
    text = "kind in (submitted, form_submitted) and path contains /demo"
    assert block_of(text, ACT) == Block(
        "all", (Line("kind", "is", ("submitted", "form_submitted")), Line("path", "contains", ("/demo",)))
    )
    assert to_node(block_of(text, ACT), ACT) == tree_of(text, ACT)


@examples(400)
@given(tree=world.trees, lead=world.leads)
def test_lines_mean_the_condition_they_were_made_of(tree, lead):
    block = to_block(tree, WORLD)
    if block is not None:
        subject = world.subject_of(lead, 1)
        again = to_node(block, WORLD)
        answers = [compile_closure(node, world.REGISTRY)(subject, world.AT) for node in (tree, again)]
        assert answers[0] == answers[1], unparse(again)


@examples(200)
@given(tree=world.trees)
def test_what_the_form_shows_is_what_it_posts(tree):
    block = to_block(tree, WORLD)
    if block is not None:
        editor = form.of_text(unparse(tree), WORLD, tree)
        again = form.of_post(posted(form.laid_out(editor, WORLD, "fr")), WORLD, text_name="text")
        assert again.error is None
        assert to_node(again.block, WORLD) == to_node(block, WORLD)


def posted(shown):
    """What a browser sends back of the form as laid out."""
    data = QueryDict(mutable=True)
    data["mode"] = "rows"
    data["join"] = shown["join"]
    for part in shown["parts"]:
        if part["is_group"]:
            data[f"join-{part['path']}"] = part["join"]
        for line in part["lines"] if part["is_group"] else [part]:
            name = line["name"]
            data[f"{name}-field"], data[f"{name}-comparison"] = line["field"], line["comparison"]
            if line["is_attribute"]:
                data[f"{name}-name"] = line["attribute"]
            if line.get("is_span") or line.get("is_times"):
                unit = next(code for code, _label, is_chosen in line["units"] if is_chosen)
                number = [line["number"]] if line["is_times"] else []
                data.setlist(f"{name}-value", [*number, line["amount"], unit])
            elif line["has_value"] and line["choices"]:
                data[f"{name}-is-choice"] = "1"
                data.setlist(f"{name}-value", line["values"])
            elif line["has_value"]:
                data[f"{name}-value"] = line["value"]
    return data


@given(st.lists(st.text().map(lambda text: " ".join(text.replace("\0", "").split())).filter(bool), max_size=5))
def test_several_values_survive_their_one_box(values):
    assert form._separated(form._together(values)) == values


# Buttons --------------------------------------------------------------------------------------------------------------


def press(editor, do, offer=LEAD):
    return form.acted(editor, do, offer, lambda text: parse(text, REGISTRY))


def test_lines_and_groups_are_added_and_removed():
    editor = press(form.of_text("", LEAD, None), "add")
    assert editor.block == Block("all", (Line("person.job_title", "contains"),))
    editor = press(press(editor, "group"), "add:1")
    assert editor.block.lines[1] == Block("any", (LEAD.new_line(), LEAD.new_line()))
    editor = press(editor, "remove:1.0")
    assert editor.block.lines[1] == Block("any", (LEAD.new_line(),))
    assert press(editor, "remove:1.0").block == Block("all", (LEAD.new_line(),))  # an empty group goes too
    assert press(editor, "remove:9").block == editor.block
    assert press(editor, "nonsense:x").block == editor.block


def test_text_and_lines_turn_into_each_other():
    text = 'person.job_title contains "dsi" and company.employees >= 50'
    editor = form.of_text(text, LEAD, parse(text, REGISTRY))
    as_text = press(editor, "text")
    assert (as_text.mode, as_text.text) == ("text", text)
    assert press(as_text, "rows").block == editor.block


def test_a_line_without_a_value_does_not_keep_the_text_box_shut():
    first = press(form.of_text("", LEAD, None), "add")
    sent = form.of_post(posted(form.laid_out(first, LEAD, "fr")), LEAD, text_name="text")
    assert sent.error is not None
    assert (press(sent, "text").mode, press(sent, "text").text) == ("text", "")


def test_what_is_too_deep_stays_text_and_says_so():
    text = "channel = web and (source = a or (source = b and medium = c))"
    editor = press(form.Editor(None, text), "rows")
    assert (editor.mode, editor.text) == ("text", text)
    assert "imbriquée" in editor.note.fr


def test_a_wrong_line_is_named_and_kept():
    data = QueryDict(mutable=True)
    data.update(
        {
            "mode": "rows",
            "join": "all",
            "line-0-field": "person.job_title",
            "line-0-comparison": "contains",
            "line-0-value": "directeur",
            "line-1-field": "company.employees",
            "line-1-comparison": "least",
            "line-1-value": "beaucoup",
        }
    )
    editor = form.of_post(data, LEAD, text_name="condition")
    assert editor.error[0] == (1,)
    shown = form.laid_out(editor, LEAD, "fr")
    assert "attend un nombre" in shown["parts"][1]["error"]
    assert shown["parts"][1]["value"] == "beaucoup"
    assert press(editor, "text").mode == "rows"  # nothing typed is lost by turning a wrong line into text
    assert press(editor, "").error is None  # while a line is being written it is not called wrong


@pytest.mark.parametrize(
    "line",
    [Line("person.job_title", "least", ("5",)), Line("person.job_title", "contains"), Line("no.field", "is", ("a",))],
)
def test_a_line_that_means_nothing_is_refused(line):
    with pytest.raises(WrongLine) as wrong:
        to_node(Block("all", (line,)), LEAD)
    assert wrong.value.path == (0,)


def test_a_hidden_field_is_not_offered_but_stays_text_where_it_is_used():
    offer = Offer(REGISTRY, "person.job_title", hidden=frozenset({"stage"}))
    assert to_block(parse("stage = mql", REGISTRY), offer) is None
    shown = form.laid_out(form.Editor(Block("all", (offer.new_line(),)), ""), offer, "fr")
    fields = dict(shown["parts"][0]["fields"])
    assert ("person.job_title", "Fonction") in fields["Contact"]
    assert all(name != "stage" for listed in fields.values() for name, _label in listed)
