"""Addresses of tracking: its page, and what the company's own pages talk to."""

from django.urls import path

from filon.capture.tracking import public_views, views

app_name = "tracking"
urlpatterns = [
    path("capture/tracking", views.show, name="show"),
    path("capture/tracking/sites/<int:site_id>/remove", views.remove, name="remove"),
    path("t.js", public_views.script, name="script"),
    path("t", public_views.collect, name="collect"),
]
