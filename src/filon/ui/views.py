"""Pages that belong to no stage: the glossary and the page shown while the product cannot answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from filon.ui import glossary


@require_safe
def glossary_page(request: HttpRequest) -> HttpResponse:
    """Every term of the product, by chapter."""
    return render(request, "ui/glossary.html", {"chapters": glossary.CHAPTERS})


def unavailable(retry_after_s: int = 30) -> HttpResponse:
    """A 503 in the product's look, made without database or session."""
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(retry_after_s)})
