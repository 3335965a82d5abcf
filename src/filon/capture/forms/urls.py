"""Addresses of forms: those of who makes them, and those of who fills them in."""

from django.urls import path

from filon.capture.forms import public_views, views

app_name = "forms"
urlpatterns = [
    path("capture/forms", views.show_all, name="list"),
    path("capture/forms/new", views.new, name="new"),
    path("capture/forms/<int:form_id>", views.edit, name="edit"),
    path("capture/forms/<int:form_id>/held", views.held_back, name="held"),
    path("f/<slug:slug>", public_views.show, name="show"),
    path("f/<slug:slug>/embed.js", public_views.embed, name="embed"),
]
