"""Files come, are read, are taken off and put back."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from filon.core.web import Request, back_to
from filon.files import commands, store
from filon.files.models import OF, Attachment
from filon.files.panels import TEMPLATE, panel
from filon.kit import web
from filon.kit.errors import Kind, Refused, not_found


@require_POST
def attach(request: Request, of: str, record_id: int) -> HttpResponse:
    """Files are attached to a record: all that were chosen."""
    if of not in OF:
        raise not_found(_("Record"))
    given = [file for file in request.FILES.getlist("file") if isinstance(file, UploadedFile)]
    if not given:
        raise Refused(_("Choose a file."), Kind.INVALID, code="no_file")
    for file in given:
        commands.attach(of, record_id, file.name or "", file.chunks(), by=request.actor, at=timezone.now())
    return _again(request, of, record_id, _("Attached."))


@require_safe
def download(request: Request, attachment_id: int) -> HttpResponseBase:
    """A file, to be saved: no browser shows it in our name."""
    found = Attachment.objects.filter(pk=attachment_id, removed_at=None).first()
    if found is None or not commands.may_see(found.of, found.record_id, request.actor):
        raise not_found(_("File"))
    try:
        content = store.path_of(found.digest).open("rb")
    except FileNotFoundError:
        message = _("The content of this file is not there any more: look for it in a backup of the data folder.")
        raise Refused(message, Kind.NOT_FOUND, code="lost") from None
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def remove(request: Request, attachment_id: int) -> HttpResponse:
    """A file is taken off; the message puts it back."""
    found = commands.remove(attachment_id, by=request.actor, at=timezone.now())
    undo = reverse("files:restore", args=[attachment_id])
    return _again(request, found.of, found.record_id, _("The file is taken off."), undo=undo)


@require_POST
def restore(request: Request, attachment_id: int) -> HttpResponse:
    """A file that was taken off is back."""
    found = commands.restore(attachment_id, by=request.actor, at=timezone.now())
    if not web.is_htmx(request):
        return _again(request, found.of, found.record_id, _("The file is back."))
    response = web.toast(_("The file is back."))
    response["HX-Refresh"] = "true"
    return response


def _again(request: Request, of: str, record_id: int, said: str, *, undo: str = "") -> HttpResponse:
    """The panel as it is now, with a message; the page it stands on where no script runs."""
    if not web.is_htmx(request):
        messages.success(request, said)
        return redirect(back_to(request) or "home")
    context = panel(of)(record_id, by=request.actor, at=timezone.now())
    return web.add_toast(render(request, TEMPLATE, context), said, undo=undo)
