"""The forms of an opportunity, and the fields they share. They check shapes; commands judge."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filon.core.models import User
from filon.deals.models import CATEGORY_LABELS, REASON_LABELS, Product
from filon.deals.pipelines import PipelineRow
from filon.ui import formats

_SPACES = str.maketrans({" ": "", "\u00a0": "", "\u202f": "", "€": "", "$": "", "£": "", "'": "", "’": ""})


class AmountField(forms.CharField):
    """An amount as people write it: `48 000,50 €`, `48,000.50`, `48000.5`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options)

    def to_python(self, value: Any) -> Any:
        """The exact amount; None when nothing was written."""
        text = (super().to_python(value) or "").translate(_SPACES)
        if not text:
            return None
        try:
            amount = Decimal(_with_point(text))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite():
            raise ValidationError(_("Write an amount such as 48000 or 48000,50."))
        return amount

    def prepare_value(self, value: Any) -> Any:
        """The amount as the reader's language writes it."""
        if not isinstance(value, Decimal):
            return value
        return formats.number(value, 0 if value == value.to_integral_value() else 2)


def _with_point(text: str) -> str:
    """The number with a point before its cents: the last mark is the decimal one, unless it groups thousands."""
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point:
        return text.replace(".", "").replace(",", ".") if text.count(",") == 1 else text.replace(",", "")
    return text.replace(",", "") if text.count(".") < 2 else text.replace(".", "")


def day(**options: Any) -> forms.DateField:
    """A calendar day."""
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class RecordField(forms.TypedChoiceField):
    """One of some records, by id; None for none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=int, empty_value=None, required=False, **options)


class _WithPeople(forms.Form):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        offer(self, "owner_id", people())
        offer(self, "product_id", list(Product.objects.order_by("name_folded").values_list("pk", "name")))


class NewForm(_WithPeople):
    """A new opportunity, in one short form."""

    name = forms.CharField(label=_("Name"), max_length=500)
    company = forms.CharField(
        label=_("Company"), max_length=500, required=False, help_text=_("Made when nobody knows it yet.")
    )
    amount = AmountField(label=_("Amount, without tax"), required=False)
    close_date = day(label=_("Expected close date"), required=False)
    next_step = forms.CharField(label=pgettext_lazy("deal", "Next step"), max_length=200, required=False)
    next_on = day(label=_("Next step on"), required=False)
    owner_id = RecordField(label=_("Owner"))
    product_id = RecordField(label=_("Product"))


class EditForm(_WithPeople):
    """What an opportunity is."""

    name = forms.CharField(label=_("Name"), max_length=500)
    amount = AmountField(label=_("Amount, without tax"), required=False)
    close_date = day(label=_("Close date"), required=False)
    next_step = forms.CharField(label=pgettext_lazy("deal", "Next step"), max_length=200, required=False)
    next_on = day(label=_("Next step on"), required=False)
    probability = forms.DecimalField(
        label=_("Own probability, in %"),
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        required=False,
        help_text=_("Leave it empty to use its stage's."),
    )
    category = forms.ChoiceField(
        label=_("In the forecast"),
        choices=[("", _("as its probability says")), *CATEGORY_LABELS.items()],
        required=False,
    )
    owner_id = RecordField(label=_("Owner"))
    product_id = RecordField(label=_("Product"))


class WonForm(forms.Form):
    """The win: when, and for how much."""

    closed_on = day(label=_("Won on"))
    amount = AmountField(label=_("Amount signed, without tax"))
    proof = forms.CharField(
        label=_("Proof"), max_length=500, help_text=_("What shows it: number of the order, signed contract, e-mail.")
    )


LOSS_CHOICES: Final = [("", "—"), *REASON_LABELS.items()]


class LostForm(forms.Form):
    """The loss: when, and why."""

    reason = forms.ChoiceField(label=_("Why"), choices=LOSS_CHOICES)
    closed_on = day(label=_("Lost on"))
    postponed_to = day(
        label=_("Postponed to"), required=False, help_text=_("For a postponed project: when to come back.")
    )


def offer(form: forms.Form, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
    """Set what a field offers, after nothing."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 — every offered field is one
    field.choices = [("", "—"), *choices]


def people() -> list[tuple[int, str]]:
    """Colleagues who work here, by name."""
    return list(User.objects.filter(is_active=True).order_by("name_folded").values_list("pk", "name"))


def stage_choices(pipelines: Sequence[PipelineRow]) -> list[tuple[int, str]]:
    """Every stage; with its pipeline's name when there are several."""
    if len(pipelines) == 1:
        return [(stage.id, stage.label) for stage in pipelines[0].stages]
    return [(stage.id, f"{pipeline.name} · {stage.label}") for pipeline in pipelines for stage in pipeline.stages]
