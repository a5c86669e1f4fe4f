"""The board of a cell that watches many persons, beside a bare page: as many rows, bytes and primary-key reads.

The page that the figure is held to is of somebody logged in, by Django's own middleware: a page of persons' data has a
session and an account. The one beside it, without either, is what `bench.pages` compares with.
"""

from http.client import HTTPConnection
from statistics import median

from bench.load import Get, Pace, measure
from bench.pages import TWICE, Claim, Side, measured_once, queries_of_one, warm
from bench.readers import WITH_A_STRUCTURE, Workload, cookie, log_in
from bench.report import Figure, at_most, times_slower
from bench.serving import Platform, supervised
from config.local.database import Urls
from config.local.places import HOST

# What nobody calls a pause, in milliseconds, for one operator alone.
_PAUSE = 500
BOARD = "/telesuivi/"
_BARE_USER = "00000001-0000-7000-8000-000000000001"


def _board(_: Workload) -> list[Get]:
    """A page of it: the worst first."""
    return [Get(BOARD, cookie(WITH_A_STRUCTURE))]


def figures(urls: Urls, name: str, *, watched: int, pace: Pace) -> list[Figure]:
    claim = Claim(f"tableau de {watched}, les 50 premiers", _board, 0)
    with supervised() as supervisor:
        platform = Platform(name, urls, supervisor)
        side = Side(platform, log_in(urls), platform.pages(), 0)
        ports = {
            "board": side.port,
            "own": platform.pages(settings="bench.logged_in", kind="own"),
            "bare": platform.pages(settings="bench.settings", kind="bare"),
        }
        asked = {"board": _board(side.workload)}
        warm(asked["board"], pace, port=side.port, expected=200)
        reads, size = queries_of_one(claim, side, pace), _size(side.port)
        asked["own"] = [Get(f"/own/{reads}/{_BARE_USER}/{size}/", cookie(WITH_A_STRUCTURE))]
        asked["bare"] = [Get(f"/page/{reads}/{_BARE_USER}/{size}/")]
        for key in ("own", "bare"):
            warm(asked[key], pace, port=ports[key], expected=200)
        rates: dict[str, list[float]] = {key: [] for key in ports}
        for _ in range(pace.rounds):
            for key, port in ports.items():
                rates[key].append(measured_once(asked[key], pace, port=port).rate)
        alone = measure(asked["board"], port=side.port, clients=1, seconds=pace.seconds)
    board, own, bare = (median(rates[key]) for key in ("board", "own", "bare"))
    of_size = f"{reads} lectures, {size // 1000} ko"
    return [
        times_slower(f"{claim.name} : page nue, {of_size}", board, than=own, most=TWICE),
        times_slower(f"{claim.name} : sans session ni compte", board, than=bare),
        at_most(f"{claim.name} : médiane à un client", alone.median, "ms", aim=_PAUSE),
    ]


def _size(port: int) -> int:
    """Of the page, in bytes."""
    asked = HTTPConnection(HOST, port, timeout=30)
    asked.request("GET", BOARD, headers={"Cookie": cookie(WITH_A_STRUCTURE)})
    return len(asked.getresponse().read())
