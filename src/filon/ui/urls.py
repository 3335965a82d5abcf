"""Addresses of the pages that belong to no stage."""

from django.urls import path

from filon.ui import views

urlpatterns = [path("help/glossary", views.glossary_page, name="glossary")]
