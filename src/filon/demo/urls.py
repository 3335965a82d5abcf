"""Addresses of sample data. Their names carry no prefix: the welcome page offers them."""

from __future__ import annotations

from django.urls import path

from filon.demo import views

urlpatterns = [
    path("demo", views.show, name="demo"),
    path("demo/live", views.live, name="demo_live"),
    path("demo/start", views.start, name="demo_start"),
    path("demo/clear", views.clear, name="demo_clear"),
]
