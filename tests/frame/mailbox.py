"""An IMAP server with one folder, as much of RFC 3501 as reading needs: a stand-in for a mail provider's."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.frame.servers import free_port


@dataclass
class ImapServer:
    """Listens on a port of its own; `mails` by number, as they are put in. hangs_up_after: fetches, then it goes."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    password: str = "secret"
    hangs_up_after: int = -1
    logins: int = 0

    def __post_init__(self) -> None:
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _serve(outer, self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.port = free_port()
        self._server = Server(("127.0.0.1", self.port), Session)

    @property
    def url(self) -> str:
        """What `FILON_MAILBOX_URL` names it by."""
        return f"imap://lea:{self.password}@127.0.0.1:{self.port}/INBOX"

    def put(self, mail: bytes | str) -> int:
        """A mail comes in; its number."""
        number = max(self.mails, default=0) + 1
        content = mail.encode() if isinstance(mail, str) else mail
        self.mails[number] = re.sub(rb"\r?\n", b"\r\n", content)
        return number

    def __enter__(self) -> ImapServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _serve(server: ImapServer, session: socketserver.StreamRequestHandler) -> None:
    def say(line: str | bytes) -> None:
        session.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    say("* OK ready")
    while line := session.rfile.readline():
        tag, _, command = line.decode("latin-1").strip().partition(" ")
        answer = _answer(server, command, say)
        if answer is None:
            return
        say(f"{tag} {answer}")


def _answer(server: ImapServer, command: str, say: Callable[[str | bytes], None]) -> str | None:
    """Do what is asked; how it went, None to hang up."""
    word = command.upper()
    if word.startswith("CAPABILITY"):
        say("* CAPABILITY IMAP4rev1")
    elif word.startswith("LOGIN"):
        server.logins += 1
        if f'"{server.password}"' not in command:
            return "NO [AUTHENTICATIONFAILED] wrong user or password"
    elif word.startswith(("SELECT", "EXAMINE")):
        if "INBOX" not in word:
            return "NO there is no such folder"
        say(f"* {len(server.mails)} EXISTS")
        say(f"* OK [UIDVALIDITY {server.validity}] valid")
    elif word.startswith("UID SEARCH"):
        say("* SEARCH " + " ".join(str(number) for number in _asked(server, word)))
    elif word.startswith("UID FETCH"):
        if server.hangs_up_after == 0:
            return None
        server.hangs_up_after -= 1
        _fetch(server, word, say)
    return "OK done"


def _asked(server: ImapServer, word: str) -> list[int]:
    """As servers do: `n:*` holds the last mail even when its number is below n."""
    numbers = sorted(server.mails)
    found = re.search(r"UID (\d+):\*", word)
    if found is None:
        return numbers
    return [number for number in numbers if number >= int(found[1])] or numbers[-1:]


def _fetch(server: ImapServer, word: str, say: Callable[[str | bytes], None]) -> None:
    number = int(word.split()[2])
    limit = re.search(r"<0\.(\d+)>", word)
    content = server.mails.get(number, b"")[: int(limit[1]) if limit else None]
    say(f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}".encode() + b"\r\n" + content + b")")
