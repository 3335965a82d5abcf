"""Addresses of files."""

from django.urls import path

from filon.files import views

app_name = "files"
urlpatterns = [
    path("files/<str:of>/<int:record_id>", views.attach, name="attach"),
    path("files/<int:attachment_id>", views.download, name="download"),
    path("files/<int:attachment_id>/remove", views.remove, name="remove"),
    path("files/<int:attachment_id>/restore", views.restore, name="restore"),
]
