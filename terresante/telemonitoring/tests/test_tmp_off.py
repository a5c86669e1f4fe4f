import os
import pytest
from urllib.parse import urlsplit
from datetime import timedelta
from django.utils import timezone
from terresante.questionnaires.pathway import folder
from pathlib import Path
from terresante.questionnaires.models import Pathway, PathwayVersion, QuestionnaireResponse
from terresante.telemonitoring.models import Cell, Expected
from terresante.telemonitoring.tests.factories import cell_of, followed
from tests.walls import walls_down
from tests.journeys.steps import AXE, _RULES
from terresante.accounts.models import User
from django.test import Client
pytestmark = [pytest.mark.commits]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
from django.conf import settings as _s
_s.STATICFILES_DIRS = [_s.FRONTEND_DIST]
OUT = "/tmp/answers_shots/"

def test_off(live_server, browser, cast):
    files = folder(Path("terresante/questionnaires/shipped/covid-adulte"))
    with walls_down():
        p = Pathway.objects.create(code="covid-adulte", title="eCovid adulte", kind="follow-up", data_class="medical")
        v = PathwayVersion.objects.create(pathway=p, number=1, status="published", files=files, made_by_name="x", published_at=timezone.now(), published_by_name="x")
    given = followed(cast.amar, cast.madeleine_record, cell_of(cast.amar.organization_id), v, status="testé positif")
    with walls_down():
        first = Expected.objects.filter(follow_up=given.follow_up, role="patient").earliest("opens_at")
        Expected.objects.filter(pk=first.pk).update(opens_at=timezone.now() - timedelta(hours=1))
        Cell.objects.update(phone="+33199001234")
    ctx = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="fr-FR", timezone_id="Europe/Paris")
    ctx.set_default_timeout(8000)
    page = ctx.new_page()
    errors = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    n = [0]
    def shot(name):
        n[0] += 1
        page.screenshot(path=f"{OUT}off-{n[0]:02d}-{name}.png")
        page.evaluate(AXE.read_text())
        print(name, page.evaluate(_RULES), page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
    page.goto(urlsplit(given.secrets.url).path)
    page.get_by_label("Code à six chiffres").fill(given.secrets.code)
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_load_state()
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    page.wait_for_function("() => localStorage.getItem('suivi-kept') === '1'")
    page.reload()
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    print("STORE", page.evaluate("""async () => { const db = await new Promise(r => { const q = indexedDB.open('suivi'); q.onsuccess = () => r(q.result) }); const out = {}; for (const n of ['key','kit','waiting']) { out[n] = await new Promise(r => { const q = db.transaction(n).objectStore(n).getAll(); q.onsuccess = () => r(q.result.map(v => Object.prototype.toString.call(v) + Object.keys(v).join() + (v.extractable))) }) } db.close(); return out }"""))
    ctx.set_offline(True)
    page.goto("/suivi/")
    page.get_by_role("heading", name="Mon suivi, sans réseau").wait_for()
    shot("home")
    page.get_by_role("button", name="Répondre").first.tap()
    page.get_by_text("Question 1 sur").wait_for()
    shot("temp")
    page.locator("#valeur").fill("98")
    page.get_by_role("button", name="Continuer").tap()
    shot("fahr")
    page.locator("#valeur").fill("37,2")
    page.get_by_role("button", name="Continuer").tap()
    page.locator("#valeur").fill("91")
    page.get_by_role("button", name="Continuer").tap()
    page.get_by_role("button", name="Je ne sais pas").tap()
    page.get_by_role("button", name="Je ne sais pas").tap()
    for words in ("Oui, j’ai du mal à parler", "Non", "Non", "Oui", "Non", "Bien"):
        page.get_by_role("group").get_by_role("button", name=words, exact=True).tap()
    page.get_by_role("button", name="Je ne sais pas").tap()
    shot("review")
    page.get_by_role("button", name="Envoyer").tap()
    page.get_by_role("heading", name="Il faut un avis médical").wait_for()
    shot("red")
    with walls_down():
        assert not QuestionnaireResponse.objects.exists()
    page.on("response", lambda r: print("RESP", r.status, r.url, r.request.method))
    page.on("requestfailed", lambda r: print("FAIL", r.url, r.failure))
    ctx.set_offline(False)
    page.wait_for_timeout(1500)
    Q = """async () => { const db = await new Promise(r => { const q = indexedDB.open('suivi'); q.onsuccess = () => r(q.result) }); const out = {}; for (const n of ['key','kit','waiting']) { out[n] = await new Promise(r => { const q = db.transaction(n).objectStore(n).getAllKeys(); q.onsuccess = () => r(q.result) }) } db.close(); return JSON.stringify([out, localStorage.getItem('suivi-kept'), location.href]) }"""
    print("[Q", page.evaluate(Q))
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1500)
    print("[Q", page.evaluate(Q), errors)
    print("[F", page.evaluate("fetch('/suivi/hors-ligne/', {method: 'POST', body: '{}'}).then(a => a.text()).catch(e => String(e))"))
    print("ONLINE", page.evaluate("navigator.onLine"), page.evaluate("document.body.innerText")[-200:], errors)
    with walls_down():
        print("[ROWS", list(QuestionnaireResponse.objects.values_list("source", "colour")))
    page.get_by_text("maintenant envoyée").wait_for()
    shot("sent")
    with walls_down():
        row = QuestionnaireResponse.objects.get()
    print("ROW", row.source, row.colour, row.answers, row.received_at - row.authored_at, row.clock_corrected)
    print("ERRORS", errors)
    # portal and operator
    for who, path, name, vp in ((cast.madeleine, "/mon-dossier/", "home", (390, 844)), (cast.madeleine, "/mon-dossier/suivi/", "portal", (390, 844)), (cast.amar, f"/dossiers/{cast.madeleine_record.pk}/telesuivi/{given.follow_up.pk}/", "one", (1440, 900)), (cast.amar, f"/dossiers/{cast.madeleine_record.pk}/telesuivi/repondre/%s/", "operator", (1440, 900))):
        with walls_down():
            later = Expected.objects.filter(follow_up=given.follow_up, role="patient").exclude(pk=first.pk).earliest("opens_at")
            Expected.objects.filter(pk=later.pk).update(opens_at=timezone.now() - timedelta(minutes=1))
        c = Client(); c.force_login(User.objects.get(pk=who.user_id))
        cx = browser.new_context(base_url=live_server.url, viewport={"width": vp[0], "height": vp[1]}, locale="fr-FR", timezone_id="Europe/Paris")
        cx.add_cookies([{"name": _s.SESSION_COOKIE_NAME, "value": c.cookies[_s.SESSION_COOKIE_NAME].value, "url": live_server.url}])
        page = cx.new_page()
        page.goto(path % later.pk if "%s" in path else path)
        shot(name)
        cx.close()
    ctx.close()
