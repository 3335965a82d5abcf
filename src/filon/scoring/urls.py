"""Addresses of the scoring studio and of the score panel."""

from __future__ import annotations

from django.urls import path

from filon.scoring import panels, views

app_name = "scoring"
urlpatterns = [
    path("scoring", views.rules, name="studio"),
    path("scoring/counts", views.counts, name="counts"),
    path("scoring/progress", views.progress, name="progress"),
    path("scoring/check", views.check, name="check"),
    path("scoring/rules/new/<str:family>", views.new_rule, name="new_rule"),
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
