"""Addresses of colleagues' meetings."""

from django.urls import path, re_path

from filon.meetings import planning_views, views

app_name = "meetings"
urlpatterns = [
    path("meetings", views.diary, name="diary"),
    path("meetings/page", views.page, name="page"),
    re_path(r"^meetings/(?P<meeting_id>[0-9]{1,18})/(?P<state>held|missed)$", views.end, name="end"),
    path("meetings/leads/<int:lead_id>/plan", planning_views.plan, name="plan"),
    path("meetings/<int:meeting_id>/cancel", views.cancel, name="cancel"),
]
