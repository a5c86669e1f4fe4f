"""A page of a simulator, on this machine only. Nothing here trusts what it shows: all is escaped."""

import html
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

_LARGEST_FORM = 4096  # bytes
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1d2433 }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: #0b5394; }
a:focus, button:focus, select:focus { outline: 3px solid #0b5394; outline-offset: 2px; }
ul.cards { list-style: none; padding: 0; display: grid; gap: .5rem; }
ul.cards a { display: block; border: 1px solid #6b7688; border-radius: .4rem; padding: .75rem; }
div.gestures { display: flex; flex-wrap: wrap; gap: .5rem; }
button { font: inherit; padding: .5rem .8rem; border: 1px solid #0b5394; border-radius: .4rem; }
button { background: #fff; color: #0b5394; cursor: pointer; }
pre { background: #f3f5f8; border: 1px solid #c4ccd8; border-radius: .4rem; padding: .75rem; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.said { border-left: .4rem solid; padding: .5rem .75rem; }
.yes { border-color: #1a7f37; }
.no { border-color: #b42318; }
"""


class LocalPage(BaseHTTPRequestHandler):
    """What the pages of simulators share. `allows` adds to the content policy: form-action, script-src."""

    timeout = 30
    allows = "form-action 'self'"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address of a page tells which patient is looked at."""

    def is_local(self) -> bool:
        """Another site's page must not drive ours through the visitor's browser (DNS rebinding)."""
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        origin = urlsplit(self.headers.get("Origin") or "").hostname
        return host in _LOCAL_NAMES and (origin is None or origin in _LOCAL_NAMES)

    def form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdecimal()) or int(length) > _LARGEST_FORM:
            return {}
        content = self.rfile.read(int(length)).decode("utf-8", "replace")
        return {key: values[0] for key, values in parse_qs(content).items()}

    def show(self, title: str, body: str) -> None:
        self.reply(HTTPStatus.OK, "text/html; charset=utf-8", document(title, body))

    def refuse(self, status: HTTPStatus, sentence: str) -> None:
        body = f'<p>{html.escape(sentence)}</p><p><a href="/">Revenir à la liste</a></p>'
        self.reply(status, "text/html; charset=utf-8", document("Impossible", body))

    def reply(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", f"default-src 'none'; style-src 'self'; {self.allows}")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)


def document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
