"""A page and a stream of events, driven by a test."""

import json
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from django.conf import settings
from django.template import engines

from terresante.kernel.ui.tests.preview import CSP

PAGE = """{% extends "base.html" %}
{% block title %}Direct{% endblock %}
{% block body %}<main>
<div id="list" data-live-url="/fragment" data-live-kinds="NotePublished"
 data-live-now="NoteWithdrawn" data-live-patient="p1"
 data-live-one="nouvelle note" data-live-many="nouvelles notes" data-lost="Ne vous y fiez pas.">ancienne</div>
<span id="counter" data-live-url="/fragment" data-live-kinds="NotePublished" data-live-mode="refresh">0</span>
<p data-live-url="/slow" data-live-kinds="NoteWithdrawn" data-live-mode="refresh">un</p>
<p data-live-url="/slow" data-live-kinds="NoteWithdrawn" data-live-mode="refresh">deux</p>
<p data-live-url="/slow" data-live-kinds="NoteWithdrawn" data-live-mode="refresh">trois</p>
</main>{% endblock %}"""


class LiveStage:
    def __init__(self):
        self.open_streams = []
        self.last_event_ids = []
        self.refusing = False
        self.position = 40

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.cut(refuse=True)
        self.server.shutdown()
        self.server.server_close()

    @property
    def streams(self):
        return len(self.open_streams)

    def wait_for_streams(self, number):
        deadline = time.monotonic() + 10
        while self.streams < number:
            assert time.monotonic() < deadline, "the page did not open its stream"
            time.sleep(0.02)

    def send(self, kind, **ids):
        self.position += 1
        data = json.dumps({"kind": kind, **ids})
        for stream in self.open_streams:
            stream.put(f"id: {self.position}\nevent: {kind}\ndata: {data}\n\n".encode())

    def cut(self, *, refuse):
        self.refusing = refuse
        for stream in self.open_streams:
            stream.put(None)
        self.open_streams = []

    def accept(self):
        self.refusing = False


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, stage, *args):
        self.stage = stage
        super().__init__(*args)

    def do_GET(self):
        if self.path == "/live":
            self.stream()
        elif self.path.startswith("/static/"):
            dist = Path(settings.BASE_DIR) / "frontend" / "dist"
            kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            file = dist / self.path.removeprefix("/static/")
            self.answer(file.read_bytes(), kinds.get(file.suffix, "font/woff2"))
        elif self.path.startswith("/fragment?object="):
            self.answer(f"<i>{self.path[17:]}</i>".encode(), "text/html; charset=utf-8")
        elif self.path in ("/fragment", "/slow"):
            time.sleep(1 if self.path == "/slow" else 0)
            self.answer(b"fragment", "text/html; charset=utf-8")
        else:
            live = {"url": "/live", "position": 40, "toast_url": "/fragment", "toast_kinds": "StayAlerted"}
            html = engines["django"].from_string(PAGE).render({"desk": {"live": live}})
            self.answer(html.encode(), "text/html; charset=utf-8")

    def stream(self):
        if self.stage.refusing:
            self.send_error(503)
            return
        self.stage.last_event_ids.append(self.headers["Last-Event-ID"])
        events: Queue[bytes | None] = Queue()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.stage.open_streams.append(events)
        while (block := self.next_of(events)) is not None:
            self.wfile.write(block)
            self.wfile.flush()

    def next_of(self, events):
        try:
            return events.get(timeout=60)
        except Empty:
            return None

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass
