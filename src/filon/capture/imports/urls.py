"""Addresses of imports."""

from django.urls import path

from filon.capture.imports import views

app_name = "imports"
urlpatterns = [
    path("capture/imports", views.show_all, name="list"),
    path("capture/imports/new", views.new, name="new"),
    path("capture/imports/<int:import_id>", views.show, name="import"),
    path("capture/imports/<int:import_id>/live", views.live, name="live"),
    path("capture/imports/<int:import_id>/map", views.change_map, name="map"),
    path("capture/imports/<int:import_id>/rehearse", views.rehearse, name="rehearse"),
    path("capture/imports/<int:import_id>/start", views.start, name="start"),
    path("capture/imports/<int:import_id>/stop", views.stop, name="stop"),
    path("capture/imports/<int:import_id>/undo", views.undo, name="undo"),
    path("capture/imports/<int:import_id>/forget", views.forget, name="forget"),
    path("capture/imports/<int:import_id>/rejects.csv", views.rejects, name="rejects"),
]
