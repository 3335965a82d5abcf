"""Addresses of bulk acts; `leads.urls` takes them in."""

from django.urls import path

from filon.leads.bulk import views

urlpatterns = [
    path("leads/bulk", views.show_all, name="bulk"),
    path("leads/bulk/ask", views.ask, name="bulk_ask"),
    path("leads/bulk/new", views.order, name="bulk_new"),
    path("leads/bulk/<int:order_id>", views.show, name="bulk_order"),
    path("leads/bulk/<int:order_id>/live", views.live, name="bulk_live"),
    path("leads/bulk/<int:order_id>/cancel", views.cancel, name="bulk_cancel"),
    path("leads/bulk/<int:order_id>/undo", views.undo, name="bulk_undo"),
]
