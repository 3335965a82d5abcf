"""Addresses of a lead and its parts; `leads.urls` takes them in."""

from django.urls import path

from filon.leads.card import edit_views, new_views, views

urlpatterns = [
    path("leads/new", new_views.new, name="new"),
    path("leads/new/known", new_views.known, name="known"),
    path("leads/<int:lead_id>", views.lead, name="lead"),
    path("leads/<int:lead_id>/head", views.lead_head, name="lead_head"),
    path("leads/<int:lead_id>/timeline", views.lead_timeline, name="timeline"),
    path("leads/<int:lead_id>/acts", views.act, name="act"),
    path("records/<str:of>/<int:record_id>/<path:field>", edit_views.edit, name="edit"),
    path("records/undo/<str:of>/<int:record_id>/<path:field>", edit_views.undo, name="undo_edit"),
    path("panels/<str:page>/<int:record_id>/<str:name>", views.panel, name="panel"),
]
