"""Addresses of hand-offs."""

from django.urls import path

from filon.handoff import views

app_name = "handoff"
urlpatterns = [
    path("handoff", views.show_all, name="list"),
    path("handoff/new/<int:lead_id>", views.propose, name="propose"),
    path("handoff/agreement", views.terms, name="agreement"),
    path("handoff/<int:handoff_id>", views.brief, name="brief"),
    path("handoff/<int:handoff_id>/accept", views.accept, name="accept"),
    path("handoff/<int:handoff_id>/refuse", views.refuse, name="refuse"),
]
