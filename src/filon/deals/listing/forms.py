"""The filters of the list, as a form. A wrong value is said beside its field and narrows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filon.deals.forms import AmountField, RecordField, day, offer, people, stage_choices
from filon.deals.models import STATE_LABELS, Product
from filon.deals.pipelines import PipelineRow


class FilterForm(forms.Form):
    """The filters of the list, all in the address."""

    q = forms.CharField(label=_("Name or company"), required=False, max_length=200)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", pgettext_lazy("deal states", "All")), *STATE_LABELS.items()],
    )
    stage = RecordField(label=pgettext_lazy("deal", "Stage"))
    owner = forms.CharField(label=_("Owner"), required=False, max_length=20)
    product = RecordField(label=_("Product"))
    amount_from = AmountField(label=_("Amount from"), required=False)
    amount_to = AmountField(label=_("Amount to"), required=False)
    close_from = day(label=_("Closes from"), required=False)
    close_to = day(label=_("Closes until"), required=False)
    closed_from = day(label=_("Closed since"), required=False)
    company = RecordField(label=_("Company"))
    lead = RecordField(label=_("Source lead"))
    pipeline = RecordField(label=_("Pipeline"))

    def __init__(self, *arguments: Any, pipelines: Sequence[PipelineRow], **options: Any) -> None:
        super().__init__(*arguments, **options)
        offer(self, "stage", stage_choices(pipelines))
        offer(self, "product", list(Product.objects.order_by("name_folded").values_list("pk", "name")))
        offer(self, "pipeline", [(pipeline.id, pipeline.name) for pipeline in pipelines])
        self.fields["owner"].widget = forms.Select(choices=[("", "—"), ("me", _("Mine")), *people()])
        for name in ("company", "lead"):  # any id of ours; one that does not exist finds nothing
            self.fields[name] = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
