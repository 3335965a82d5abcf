"""Addresses of findings. The page's name carries no prefix: other slices link to it."""

from django.urls import path

from filon.leads.findings import views

urlpatterns = [
    path("findings", views.show, name="findings"),
    path("findings/<int:finding_id>/settle", views.settle, name="finding_settle"),
    path("findings/<int:finding_id>/reopen", views.reopen, name="finding_reopen"),
]
