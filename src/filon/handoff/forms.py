"""The forms of a hand-off. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from filon.handoff import queries, rules, words
from filon.handoff.commands import Proposal

_AREA: Final = {"rows": 2}


class ProposalForm(forms.Form):
    """What an SDR answers of a lead, and for whom it is."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, label in words.criteria().items():
            self.fields[name] = forms.CharField(
                label=label,
                required=name in rules.REQUIRED,
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
