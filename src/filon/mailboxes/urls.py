"""Addresses of colleagues' mailboxes."""

from django.urls import path

from filon.mailboxes import views

app_name = "mailboxes"
urlpatterns = [
    path("mailbox", views.own, name="own"),
    path("mailbox/settings", views.change, name="settings"),
    path("mailbox/pause", views.pause, name="pause"),
    path("mailbox/resume", views.resume, name="resume"),
    path("mailbox/disconnect", views.disconnect, name="disconnect"),
    path("mailbox/leads/<int:lead_id>", views.write, name="write"),
    path("mailbox/mails/<int:written_id>/withdraw", views.withdraw, name="withdraw"),
    path("mailbox/mails/<int:written_id>/again", views.again, name="again"),
    path("mailbox/mails/<int:written_id>/discard", views.discard, name="discard"),
]
