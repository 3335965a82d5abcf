"""The forms of sequences and their steps. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from filon.leads.fields import TASKS
from filon.nurture.models import STEP_TASKS, Sequence, Step, Template
from filon.nurture.sequences.commands import Draft, StepDraft

_UNITS: Final = ((1440, _("days")), (60, _("hours")), (1, _("minutes")))


class SequenceForm(forms.Form):
    """A sequence; its condition stands beside, in lines or as text."""

    name = forms.CharField(label=_("Name"), max_length=120)
    in_working_hours = forms.BooleanField(
        label=_("Send in working hours only"), required=False, initial=True, help_text=_("Those set in Routing.")
    )
    stops_at_mql = forms.BooleanField(
        label=_("Stop when the lead becomes an MQL"),
        required=False,
        initial=True,
        help_text=_("It always stops when the person answers, objects, or a colleague takes over."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def draft(self, condition: str) -> Draft:
        """What `save_sequence` takes."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Draft(condition=condition, **said)


def initial_of(sequence: Sequence) -> dict[str, Any]:
    """What the form shows of a sequence."""
    return {name: getattr(sequence, name) for name in SequenceForm.base_fields}


class StepForm(forms.Form):
    """A step: the fields of its kind."""

    def __init__(self, kind: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.kind = kind
        match kind:
            case "email":
                found = Template.objects.order_by("name_folded").values_list("pk", "name")
                self.fields["template"] = forms.TypedChoiceField(
                    label=_("Template"), choices=[("", _("Choose")), *found], coerce=int, empty_value=None
                )
            case "wait":
                self.fields["count"] = forms.IntegerField(label=_("How long"), min_value=1, max_value=100_000)
                self.fields["unit"] = forms.TypedChoiceField(label=_("Unit"), choices=_UNITS, coerce=int)
            case "task":
                spoken = get_language() or "fr"
                kinds = [(code, TASKS[code].in_language(spoken)) for code in STEP_TASKS]
                self.fields["task"] = forms.ChoiceField(label=_("What is to be done"), choices=kinds)
                self.fields["text"] = forms.CharField(label=_("Note"), required=False, max_length=500)

    def draft(self, condition: str, **place: Any) -> StepDraft:
        """What `add_step` and `change_step` take."""
        said = self.cleaned_data
        return StepDraft(
            kind=self.kind,
            template_id=said.get("template"),
            minutes=said["count"] * said["unit"] if self.kind == "wait" else 0,
            condition=condition if self.kind == "branch" else "",
            task=said.get("task", ""),
            text=said.get("text", ""),
            **place,
        )


def initial_of_step(step: Step) -> dict[str, Any]:
    """What the form shows of a step."""
    unit = next(size for size, _label in _UNITS if step.minutes % size == 0)
    return {
        "template": step.template_id,
        "count": step.minutes // unit or None,
        "unit": unit,
        "task": step.task,
        "text": step.text,
    }
