"""Addresses of the scoring studio and of the score panel."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from filon.scoring import panels
from filon.scoring.studio import views


class _Family(StringConverter):
    """A family of rules."""

    regex = "fit|engagement"


register_converter(_Family, "rule_family")
app_name = "scoring"
urlpatterns = [
    path("scoring", views.rules, name="studio"),
    path("scoring/counts", views.counts, name="counts"),
    path("scoring/progress", views.progress, name="progress"),
    path("scoring/check/<rule_family:family>", views.check, name="check"),
    path("scoring/editor/<rule_family:family>", views.editor, name="editor"),
    path("scoring/rules/new/<rule_family:family>", views.new_rule, name="new_rule"),
    path("scoring/rules/<str:rule_id>", views.rule, name="rule"),
    path("scoring/rules/<str:rule_id>/remove", views.remove_rule, name="remove_rule"),
    path("scoring/settings", views.settings, name="settings"),
    path("scoring/discard", views.discard, name="discard"),
    path("scoring/publish", views.publish, name="publish"),
    path("scoring/simulation", views.simulation, name="simulation"),
    path("scoring/versions", views.history, name="versions"),
    path("scoring/versions/<int:number>", views.version, name="version"),
    path("leads/<int:lead_id>/score", panels.score, name="score"),
]
