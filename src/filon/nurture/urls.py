"""Addresses of sequences, templates and messages."""

from django.urls import path

from filon.nurture.answers import pages as answers
from filon.nurture.sequences import views as sequences
from filon.nurture.writing import views as writing

app_name = "nurture"
urlpatterns = [
    path("nurture", sequences.show_all, name="sequences"),
    path("nurture/condition", sequences.condition, name="condition"),
    path("nurture/sequences/new", sequences.new, name="new_sequence"),
    path("nurture/sequences/<int:sequence_id>", sequences.show, name="sequence"),
    path("nurture/sequences/<int:sequence_id>/settings", sequences.change, name="sequence_settings"),
    path("nurture/sequences/<int:sequence_id>/simulation", sequences.simulation, name="simulation"),
    path("nurture/sequences/<int:sequence_id>/start", sequences.start, name="start"),
    path("nurture/sequences/<int:sequence_id>/pause", sequences.pause, name="pause"),
    path("nurture/sequences/<int:sequence_id>/steps/new/<str:kind>", sequences.new_step, name="new_step"),
    path("nurture/steps/<int:step_id>", sequences.step, name="step"),
    path("nurture/steps/<int:step_id>/remove", sequences.remove_step, name="remove_step"),
    path("nurture/templates", writing.show_all, name="templates"),
    path("nurture/templates/new", writing.new, name="new_template"),
    path("nurture/templates/<int:template_id>", writing.edit, name="template"),
    path("nurture/templates/<int:template_id>/for/<int:lead_id>", writing.preview, name="preview"),
    path("nurture/sends", sequences.sends, name="sends"),
    path("nurture/sends/<int:delivery_id>/again", sequences.send_again, name="send_again"),
    path("nurture/sender", writing.sender, name="sender"),
    path("nurture/mailbox", answers.mailbox, name="mailbox"),
    path("nurture/leads/<int:lead_id>/enroll", sequences.enroll, name="enroll"),
    path("nurture/leads/<int:lead_id>/remove/<int:enrollment_id>", sequences.remove, name="remove"),
]
