"""Core's addresses: sign-in, settings, health. Their names carry no prefix."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
