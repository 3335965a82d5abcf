"""Nurturing: sequences of messages, what is sent to whom, and what came of it."""
