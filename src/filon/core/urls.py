"""Core's addresses: getting in, settings, health. Their names carry no prefix."""

from __future__ import annotations

from django.urls import path

from filon.core import settings_views, views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("start/<str:token>", views.start, name="start"),
    path("welcome", views.welcome, name="welcome"),
    path("password/<str:uid>/<str:token>", views.set_password, name="set_password"),
    path("account", views.account, name="account"),
    path("language", views.set_language, name="set_language"),
    path("settings", settings_views.index, name="settings"),
    path("settings/users", settings_views.users, name="settings_users"),
    path("settings/users/new", settings_views.new_user, name="settings_user_new"),
    path("settings/users/<int:user_id>", settings_views.user, name="settings_user"),
    path("settings/users/<int:user_id>/link", settings_views.user_link, name="settings_user_link"),
    path("settings/teams", settings_views.teams, name="settings_teams"),
    path("settings/teams/<int:team_id>", settings_views.team, name="settings_team"),
    path("settings/keys", settings_views.api_keys, name="settings_keys"),
    path("settings/keys/<int:key_id>/revoke", settings_views.revoke_key, name="settings_key_revoke"),
    path("settings/audit", settings_views.audit_log, name="settings_audit"),
]
