"""Core's addresses: getting in, settings, health. Their names carry no prefix."""

from __future__ import annotations

from django.urls import path

from filon.core import health_views, settings_views, views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("start/<str:token>", views.start, name="start"),
    path("welcome", views.welcome, name="welcome"),
    path("password/<str:uid>/<str:token>", views.set_password, name="set_password"),
    path("account", settings_views.account, name="account"),
    path("language", views.set_language, name="set_language"),
    path("healthz", health_views.healthz, name="healthz"),
    path("readyz", health_views.readyz, name="readyz"),
    path("metrics", health_views.prometheus, name="metrics"),
    path("health", health_views.page, name="health"),
    path("health/live", health_views.live, name="health_live"),
    path("health/jobs/retry", health_views.retry_jobs, name="health_retry_jobs"),
    path("health/jobs/cancel", health_views.cancel_jobs, name="health_cancel_jobs"),
    path("health/letters/send", health_views.send_letters, name="health_send_letters"),
    path("health/inbox/replay", health_views.replay_inbox, name="health_replay_inbox"),
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
