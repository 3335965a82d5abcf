"""The forms of products and stage names. They check shapes; commands judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from filon.deals.forms import AmountField, RecordField, offer, stage_choices
from filon.deals.pipelines import PipelineRow


class ProductForm(forms.Form):
    """A product."""

    name = forms.CharField(label=_("Name"), max_length=200)
    series = forms.CharField(label=_("Series"), max_length=120, required=False)
    price = AmountField(label=_("Price, without tax"), required=False)


class StageNameForm(forms.Form):
    """What another system's stage name means."""

    name = forms.CharField(
        label=_("Name in the other system"), max_length=120, help_text=_("A name known already takes the new meaning.")
    )
    stage_id = RecordField(label=_("Means"))

    def __init__(self, *arguments: Any, pipelines: Sequence[PipelineRow], **options: Any) -> None:
        super().__init__(*arguments, **options)
        offer(self, "stage_id", stage_choices(pipelines))
