"""Addresses of the worklist."""

from django.urls import path

from filon.qualify import views

app_name = "qualify"
urlpatterns = [
    path("qualify", views.worklist, name="worklist"),
    path("qualify/take", views.take, name="take"),
    path("qualify/<int:lead_id>/call", views.call, name="call"),
    path("qualify/<int:lead_id>/call/<int:fact_id>/undo", views.undo_call, name="undo_call"),
    path("qualify/<int:lead_id>/hold", views.hold, name="hold"),
]
