"""Settings pages: products, and what other systems call our stages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.deals import pipelines
from filon.deals.catalogue import commands, forms
from filon.deals.forms import stage_choices
from filon.deals.models import Product
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.spelling import near
from filon.ui import formats


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product with how many opportunities name it; `meant` is the declared one it may misspell."""

    id: int
    name: str
    series: str
    price: Decimal | None
    is_known: bool
    count: int
    meant: str


@dataclass(frozen=True, slots=True)
class NameRow:
    """Another system's stage name that nobody has explained, and how many opportunities wait for it."""

    name: str
    waiting: int


@require_http_methods(["GET", "HEAD", "POST"])
def products(request: Request) -> HttpResponse:
    """The products, those nobody declared first; a new one below."""
    request.actor.require("deals.see")
    form = forms.ProductForm(request.POST or None)
    if form.is_valid() and _save(request, form, None):
        messages.success(request, _("The product is added."))
        return redirect("deals:products")
    context = {"rows": _product_rows(), "form": form}
    return _render(request, "products", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def product(request: Request, product_id: int) -> HttpResponse:
    """One product: its name, series, price. Saving declares one that only rows had named."""
    request.actor.require(commands.PERMISSION)
    shown = Product.objects.filter(pk=product_id).first()
    if shown is None:
        raise not_found(_("Product"))
    initial = {"name": shown.name, "series": shown.series, "price": shown.price}
    form = forms.ProductForm(request.POST or None, initial=initial)
    if form.is_valid() and _save(request, form, product_id):
        messages.success(request, _("Saved."))
        return redirect("deals:products")
    context = {"form": form, "shown": shown, "cancel_url": reverse("deals:products")}
    return _render(request, "product", context, status=422 if form.is_bound else 200)


def _save(request: Request, form: forms.ProductForm, product_id: int | None) -> bool:
    try:
        commands.save_product(product_id, **form.cleaned_data, by=request.actor, at=timezone.now())
    except Refused as refused:
        if refused.kind is Kind.FORBIDDEN:
            raise
        show_refusal(form, refused)
        return False
    return True


def _product_rows() -> list[ProductRow]:
    """All products. Two statements; those not declared come first, then by name."""
    counts = dict(
        sql.fetch("SELECT product_id, COUNT(*) FROM deals_opportunity WHERE product_id IS NOT NULL GROUP BY product_id")
    )
    found = list(Product.objects.order_by("is_known", "name_folded"))
    declared = [one.name for one in found if one.is_known]
    return [
        ProductRow(
            one.pk,
            one.name,
            one.series,
            one.price,
            one.is_known,
            counts.get(one.pk, 0),
            "" if one.is_known else near(one.name, declared) or "",
        )
        for one in found
    ]


# Stage names ----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def stage_names(request: Request) -> HttpResponse:
    """The names other systems give to stages: those nobody has explained first; a new one below."""
    request.actor.require("deals.see")
    known = pipelines.load()
    form = forms.StageNameForm(request.POST or None, pipelines=known.all)
    if form.is_valid():
        try:
            moved = commands.map_stage_name(**form.cleaned_data, by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind is Kind.FORBIDDEN:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, _said(moved))
            return redirect("deals:stage_names")
    waiting, named = _names(known)
    context = {
        "waiting": waiting,
        "groups": [(label, named[stage_id]) for stage_id, label in stage_choices(known.all)],
        "choices": stage_choices(known.all),
        "form": form,
    }
    return _render(request, "stage_names", context, status=422 if form.is_bound else 200)


@require_POST
def map_stage_name(request: Request) -> HttpResponse:
    """Say what one name means, from its row; an empty choice takes the meaning back."""
    known = pipelines.load()
    form = forms.StageNameForm(request.POST, pipelines=known.all)
    if not form.is_valid():
        raise Refused(_("This name or stage is not one of ours any more. Reload the page."))
    moved = commands.map_stage_name(**form.cleaned_data, by=request.actor, at=timezone.now())
    messages.success(request, _said(moved))
    return redirect("deals:stage_names")


def _said(moved: int) -> str:
    if not moved:
        return _("Saved.")
    text = ngettext("Saved. %(count)s opportunity moved.", "Saved. %(count)s opportunities moved.", moved)
    return text % {"count": formats.number(moved)}


def _names(known: pipelines.Pipelines) -> tuple[list[NameRow], dict[int, list[str]]]:
    """The names nobody has explained, and those of each stage. Two statements."""
    counts: dict[str, int] = {}
    for name, count in sql.fetch(
        "SELECT stage_name, COUNT(*) FROM deals_opportunity WHERE stage_name <> '' GROUP BY stage_name"
    ):
        folded = commands.name_key(name)
        counts[folded] = counts.get(folded, 0) + count
    waiting: list[NameRow] = []
    named: dict[int, list[str]] = {stage_id: [] for stage_id in known.stage_by_id}
    for name, folded, stage_id in sql.fetch(
        "SELECT name, name_folded, stage_id FROM deals_stagename ORDER BY name_folded"
    ):
        if stage_id is None:
            waiting.append(NameRow(name, counts.get(folded, 0)))
        else:
            named[stage_id].append(name)
    return sorted(waiting, key=lambda row: -row.waiting), named


def _render(request: Request, page: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    tabs = [
        {"label": _("Products"), "url": reverse("deals:products"), "current": page.startswith("product")},
        {"label": _("Stage names"), "url": reverse("deals:stage_names"), "current": page == "stage_names"},
    ]
    may_change = request.actor.may(commands.PERMISSION)
    return render(request, f"deals/{page}.html", {**context, "tabs": tabs, "may_change": may_change}, status=status)
