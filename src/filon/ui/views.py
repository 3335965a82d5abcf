"""The page that belongs to no stage: the glossary."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from filon.ui import glossary


@require_safe
def glossary_page(request: HttpRequest) -> HttpResponse:
    """Every term of the product, by chapter."""
    return render(request, "ui/glossary.html", {"chapters": glossary.CHAPTERS})
