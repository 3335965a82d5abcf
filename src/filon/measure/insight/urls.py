"""The addresses of the figures."""

from __future__ import annotations

from django.urls import path

from filon.measure.insight import views

app_name = "measure"
urlpatterns = [
    path("insight", views.funnel, name="funnel"),
    path("insight/sources", views.sources, name="sources"),
    path("insight/speed", views.speed, name="speed"),
    path("insight/cost", views.cost, name="cost"),
    path("insight/velocity", views.velocity, name="velocity"),
    path("insight/durations", views.durations, name="durations"),
    path("insight/rows", views.rows, name="rows"),
    path("insight/<str:name>.csv", views.csv, name="csv"),
]
