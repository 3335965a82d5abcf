"""The forms of a hand-off. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from filon.handoff import agreement, queries, rules, words
from filon.handoff.commands import Proposal

_AREA: Final = {"rows": 2}


class ProposalForm(forms.Form):
    """What an SDR answers of a lead, and for whom it is."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        required = agreement.in_force().required
        for name, label in words.criteria().items():
            self.fields[name] = forms.CharField(
                label=label,
                required=name in required,
                max_length=rules.LONGEST,
                widget=forms.Textarea(attrs=_AREA),
            )
        self.fields["how"] = forms.ChoiceField(
            label=_("How the person confirmed their interest"), choices=list(words.ways().items())
        )
        self.fields["seller"] = forms.TypedChoiceField(
            label=_("For"), choices=[("", _("Choose a colleague")), *queries.sellers()], coerce=int
        )

    def proposal(self, lead_id: int) -> Proposal:
        """What `propose` takes."""
        said = self.cleaned_data
        return Proposal(
            lead_id=lead_id,
            seller_id=said["seller"],
            how=said["how"],
            answers={name: said[name] for name in rules.CRITERIA},
        )


class TermsForm(forms.Form):
    """What marketing and sales agree on."""

    answer_hours = forms.IntegerField(
        label=_("Sales answer within, in open hours"), min_value=1, max_value=rules.MOST_HOURS
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["required"] = forms.MultipleChoiceField(
            label=_("Without this, no lead is proposed"),
            required=False,
            choices=list(words.criteria().items()),
            widget=forms.CheckboxSelectMultiple,
        )
        self.order_fields(["required", "answer_hours", "version"])


class RefusalForm(forms.Form):
    """Why sales send a lead back."""

    text = forms.CharField(
        label=_("For the SDR"), required=False, max_length=rules.LONGEST, widget=forms.Textarea(attrs=_AREA)
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [("", _("Choose a reason")), *words.refusals().items()]
        self.fields["reason"] = forms.ChoiceField(label=_("Reason"), choices=choices)
        self.order_fields(["reason", "text"])
