"""Pages for getting in: sign-in and out, the first start, one-use password links, and the language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core import access, accounts, forms
from filon.core.models import User
from filon.core.web import Request, back_to
from filon.kit.errors import Kind, Refused, not_found

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """E-mail and password; then where one wanted to go."""
    target = _next(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = forms.SignInForm(request.POST or None)
    if form.is_valid():
        try:
            user = accounts.sign_in(request, **form.cleaned_data, at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
            return _page(request, "core/sign_in.html", form, refused, next=target)
        login(request, user)
        return redirect(target)
    return _page(request, "core/sign_in.html", form, next=target)


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End this session."""
    accounts.signed_out(request.actor, at=timezone.now())
    logout(request)
    return redirect("sign_in")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: Request, token: str) -> HttpResponse:
    """The one-use link of a new workspace: create its first administrator."""
    now = timezone.now()
    if not accounts.is_start_link(token, at=now):
        raise accounts.closed_start_link()
    form = forms.StartForm(request.POST or None)
    if form.is_valid():
        try:
            user = accounts.start_workspace(token, **form.cleaned_data, at=now)
        except Refused as refused:
            forms.show_refusal(form, refused)
            return _page(request, "core/start.html", form, refused)
        login(request, user, backend=_BACKEND)
        return redirect("welcome")
    return _page(request, "core/start.html", form)


@require_safe
def welcome(request: Request) -> HttpResponse:
    """The choice of the first day: look at sample data, or bring one's own."""
    demo_url = _address("demo_start") if request.actor.may("demo.run") else ""
    places = {"demo_url": demo_url, "import_url": _address("imports:new")}
    return render(request, "core/welcome.html", places | {"may_fill": request.actor.may("imports.run")})


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: Request, uid: str, token: str) -> HttpResponse:
    """The one-use link of a colleague: choose a password, then sign in with it."""
    user = accounts.user_of_link(uid, token)
    form = forms.PasswordForm(request.POST or None)
    if form.is_valid():
        try:
            accounts.set_password(user, form.cleaned_data["password"], by=access.of_user(user), at=timezone.now())
        except Refused as refused:
            forms.show_refusal(form, refused)
            return _page(request, "core/set_password.html", form, refused, who=user)
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("sign_in")
    return _page(request, "core/set_password.html", form, who=user)


@login_not_required
@require_POST
def set_language(request: Request) -> HttpResponse:
    """Choose the language one reads; remembered with the user, or on this browser."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise not_found(_("Language"))
    if isinstance(request.user, User):
        accounts.choose_language(request.user, language)
    response = HttpResponseRedirect(_next(request, default=back_to(request)), status=303)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 86_400,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _page(request: Request, template: str, form: Form, refused: Refused | None = None, **more: Any) -> HttpResponse:
    """A form's page; 422 when it was sent with mistakes, so that HTMX and programs see it."""
    status = 429 if refused and refused.kind is Kind.TOO_MANY else 422 if form.is_bound else 200
    return render(request, template, {"form": form, **more}, status=status)


def _next(request: Request, default: str = settings.LOGIN_REDIRECT_URL) -> str:
    """Where the person wanted to go, when it is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return default


def _address(name: str) -> str:
    """The address of a page, empty while it does not exist."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
