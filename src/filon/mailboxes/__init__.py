"""Colleagues' own mailboxes: mails with people who are known, both ways."""
