"""Who works here, in which team, and which programs may speak for whom."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    """What a user is here for; `core.access` says what each may do."""

    ADMIN = "admin", _("Administrator")
    MARKETING = "marketing", _("Marketing")
    SDR = "sdr", _("SDR")
    SALES = "sales", _("Sales")
    MANAGER = "manager", pgettext_lazy("role", "Manager")
    HEAD = "head", _("Head")
    OPS = "ops", _("Operations")
    READ_ONLY = "read_only", _("Read only")


class Team(models.Model):
    """People who share work; the scope of their manager."""

    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail for sign-in."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The user who signs in with this e-mail."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A colleague. One without an e-mail or password (imported) owns records but cannot sign in."""

    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=150)
    name_folded = models.CharField(max_length=150, db_index=True)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="members")
    manager = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    office = models.CharField(_("office"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField()

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(role__in=Role.values), name="core_user_role_known")]

    def __str__(self) -> str:
        return self.name or self.email or ""

    def get_short_name(self) -> str:
        """The name as colleagues see it."""
        return str(self)


class StartLink(models.Model):
    """A one-use link that lets its bearer create the first administrator."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"start link of {self.created_at:%Y-%m-%d}"


class ApiKey(models.Model):
    """A program's right to act; only its hash is kept."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes: Any = models.JSONField(default=list)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
