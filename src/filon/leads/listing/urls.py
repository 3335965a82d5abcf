"""Addresses of the list and the board; `leads.urls` takes them in."""

from django.urls import path

from filon.leads.listing import filter_views, moving_views, views

urlpatterns = [
    path("leads", views.leads, name="list"),
    path("leads/board", views.board, name="board"),
    path("leads/export.csv", views.export_csv, name="export"),
    path("leads/filter", filter_views.filter_dialog, name="filter"),
    path("leads/filter/editor", filter_views.filter_editor, name="filter_editor"),
    path("leads/filter/found", filter_views.filter_found, name="filter_found"),
    path("leads/columns", filter_views.columns_dialog, name="columns"),
    path("leads/columns/editor", filter_views.columns_editor, name="columns_editor"),
    path("leads/segments", filter_views.new_segment, name="segments"),
    path("leads/segments/<int:segment_id>", filter_views.segment, name="segment"),
    path("leads/segments/<int:segment_id>/delete", filter_views.delete_segment, name="segment_delete"),
    path("leads/move", moving_views.move_many, name="move_many"),
    path("leads/moves/undo", moving_views.undo, name="undo_moves"),
    path("leads/<int:lead_id>/move", moving_views.move_one, name="move"),
]
