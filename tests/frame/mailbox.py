"""An IMAP server, as much of RFC 3501 as reading needs: a stand-in for a mail provider's."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.frame.servers import free_port


@dataclass
class ImapServer:
    """Listens on a port of its own; `mails` by number, as they are put in. hangs_up_after: fetches, then it goes.

    sent: the mails of the folder that it calls `\\Sent`; there is none when it is None.
    """

    mails: dict[int, bytes] = field(default_factory=dict)
    sent: dict[int, bytes] | None = None
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

    def put(self, mail: bytes | str, *, is_sent: bool = False) -> int:
        """A mail comes in, or lies among those that were sent; its number."""
        folder = self.mails if not is_sent else self._sent()
        number = max(folder, default=0) + 1
        content = mail.encode() if isinstance(mail, str) else mail
        folder[number] = re.sub(rb"\r?\n", b"\r\n", content)
        return number

    def _sent(self) -> dict[int, bytes]:
        if self.sent is None:
            self.sent = {}
        return self.sent

    def __enter__(self) -> ImapServer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _serve(server: ImapServer, session: socketserver.StreamRequestHandler) -> None:
    def say(line: str | bytes) -> None:
        session.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    say("* OK ready")
    folder = server.mails
    while line := session.rfile.readline():
        tag, _, command = line.decode("latin-1").strip().partition(" ")
        if command.upper().startswith(("SELECT", "EXAMINE")):
            folder = server.sent if "ENVOY" in command.upper() and server.sent is not None else server.mails
        if found := re.search(r"^APPEND .*\{(\d+)\}$", command):
            say("+ go on")
            server.put(session.rfile.read(int(found[1])), is_sent=True)
            session.rfile.readline()
            say(f"{tag} OK done")
            continue
        answer = _answer(server, folder, command, say)
        if answer is None:
            return
        say(f"{tag} {answer}")


def _answer(
    server: ImapServer, folder: dict[int, bytes], command: str, say: Callable[[str | bytes], None]
) -> str | None:
    """Do what is asked; how it went, None to hang up."""
    word = command.upper()
    if word.startswith("CAPABILITY"):
        say("* CAPABILITY IMAP4rev1")
    elif word.startswith("LOGIN"):
        server.logins += 1
        if f'"{server.password}"' not in command:
            return "NO [AUTHENTICATIONFAILED] wrong user or password"
    elif word.startswith(("SELECT", "EXAMINE")):
        if "INBOX" not in word and folder is not server.sent:
            return "NO there is no such folder"
        say(f"* {len(folder)} EXISTS")
        say(f"* OK [UIDVALIDITY {server.validity}] valid")
    elif word.startswith("LIST"):
        _list(server, say)
    elif word.startswith("UID SEARCH"):
        say("* SEARCH " + " ".join(str(number) for number in _asked(folder, command)))
    elif word.startswith("UID FETCH"):
        if server.hangs_up_after == 0:
            return None
        server.hangs_up_after -= 1
        _fetch(folder, word, say)
    return "OK done"


def _list(server: ImapServer, say: Callable[[str | bytes], None]) -> None:
    say('* LIST (\\HasNoChildren) "." "INBOX"')
    if server.sent is not None:
        say('* LIST (\\HasNoChildren \\Sent) "." "INBOX.Envoy&AOk-s"')


def _asked(folder: dict[int, bytes], command: str) -> list[int]:
    """As servers do: `n:*` holds the last mail even when its number is below n."""
    numbers = sorted(folder)
    if wanted := re.search(r'HEADER Message-ID "([^"]+)"', command):
        return [number for number in numbers if wanted[1].encode() in folder[number]]
    found = re.search(r"UID (\d+):\*", command.upper())
    if found is None:
        return numbers
    return [number for number in numbers if number >= int(found[1])] or numbers[-1:]


def _fetch(folder: dict[int, bytes], word: str, say: Callable[[str | bytes], None]) -> None:
    number = int(word.split()[2])
    limit = re.search(r"<0\.(\d+)>", word)
    content = folder.get(number, b"")[: int(limit[1]) if limit else None]
    say(f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}".encode() + b"\r\n" + content + b")")
