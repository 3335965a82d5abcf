"""Addresses of custom fields."""

from django.urls import path

from filon.leads.customs import views

urlpatterns = [
    path("settings/fields", views.show_all, name="customs"),
    path("settings/fields/<int:field_id>", views.change, name="custom"),
]
