"""The look in a browser, without database nor accounts: `python -m terresante.kernel.ui.tests.preview`.

Serves the style guide and a few invented pages under the Content-Security-Policy of production.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import django
from django import forms
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string

from terresante.kernel.ui.tests import cast

CSP = "default-src 'self'; style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'"


class PersonForm(forms.Form):
    name = forms.CharField(label="Nom de naissance", help_text="Tel qu’il figure sur la pièce d’identité.")
    birth = forms.DateField(
        label="Date de naissance", error_messages={"invalid": "Écrivez la date ainsi : 17/04/1958."}
    )
    sex = forms.ChoiceField(
        label="Sexe", choices=(("F", "Féminin"), ("M", "Masculin")), widget=forms.RadioSelect
    )
    reason = forms.CharField(label="Motif", required=False, widget=forms.Textarea)


def _pages() -> dict[str, Callable[[], str]]:
    shared = cast.components() | {
        "desk": cast.desk(),
        "circle": cast.circle(),
        "fact_rows": cast.fact_rows(),
        "audience": cast.audience(),
        "form": PersonForm({"birth": "hier", "sex": "F"}),
    }
    pages: dict[str, Callable[[], str]] = {
        name: partial(_preview, f"{name}.html", shared | {"record": cast.record()})
        for name in ("resume", "portal")
    }
    pages["styleguide"] = partial(render_to_string, "kernel/styleguide.html", shared)
    for code in ("400", "403", "404", "409", "413", "500", "503", "offline"):
        pages[code] = partial(render_to_string, f"{code}.html")
    return pages


def _preview(name: str, context: dict[str, object]) -> str:
    source = (Path(__file__).parent / "templates" / "preview" / name).read_text()
    return engines["django"].from_string(source).render(context)


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/static/"):
            self.path = path.removeprefix("/static")
            super().do_GET()
            return
        if path == "/application.webmanifest":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")
            return
        page = _pages().get(path.strip("/") or "styleguide")
        body = page().encode() if page else b""
        if "theme=dark" in self.path:
            body = body.replace(b'<html lang="fr"', b'<html lang="fr" data-theme="dark"', 1)
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    dist = str(Path(settings.BASE_DIR) / "frontend" / "dist")
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=dist))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    with served(8099) as address:
        input(f"{address}/styleguide (Entrée pour arrêter) ")
