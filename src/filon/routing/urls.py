"""The addresses of routing."""

from __future__ import annotations

from django.urls import path

from filon.routing import team_views, views

app_name = "routing"
urlpatterns = [
    path("routing", views.rules, name="rules"),
    path("routing/rules/new", views.rule, name="new_rule"),
    path("routing/rules/<int:number>", views.rule, name="rule"),
    path("routing/rules/<int:number>/move", views.move_rule, name="move_rule"),
    path("routing/rules/<int:number>/remove", views.remove_rule, name="remove_rule"),
    path("routing/rules/promises", views.set_promises, name="set_promises"),
    path("routing/condition", views.check_condition, name="condition"),
    path("routing/simulation", views.simulation, name="simulation"),
    path("routing/publish", views.publish, name="publish"),
    path("routing/discard", views.discard, name="discard"),
    path("routing/versions/<int:number>", views.version, name="version"),
    path("routing/versions/<int:number>/restore", views.restore, name="restore"),
    path("routing/teams", team_views.teams, name="teams"),
    path("routing/absences", team_views.plan_absence, name="plan_absence"),
    path("routing/absences/<int:absence_id>/withdraw", team_views.withdraw_absence, name="withdraw_absence"),
    path("routing/capacities", team_views.set_capacity, name="set_capacity"),
    path("routing/calendars", team_views.calendars, name="calendars"),
    path("routing/calendars/everybody", team_views.calendar, name="calendar"),
    path("routing/calendars/holidays", team_views.preview_holidays, name="holidays"),
    path("routing/calendars/<int:team_id>", team_views.calendar, name="team_calendar"),
    path("routing/calendars/<int:team_id>/drop", team_views.drop_calendar, name="drop_calendar"),
    path("routing/promises", views.promises, name="promises"),
    path("routing/leads/<int:lead_id>/owner", views.assign, name="assign"),
]
