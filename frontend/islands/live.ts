import htmx from "htmx.org";
import { announce } from "./announce";
import { closePage, keepsText, unsavedTexts } from "./closed";
import { hasUnsavedText } from "./form-guard";
import { openLiveLink } from "./live-link";
import { coverPage, UNLOCKED } from "./lock";
import type { LiveEvent, LiveMessage } from "./sse";

const REFRESH_MS = 300;
const CALM_MS = 4_000; // a navigation or a short cut is not worth a strip

const UNATTENDED = { "X-Unattended": "1" }; // asked by the page, not by somebody: a shared workstation locks all the same

let toasted: Promise<unknown> = Promise.resolve();
const waiting = new WeakMap<HTMLElement, Set<string>>();
const refreshing = new WeakSet<HTMLElement>();
let strip: HTMLElement | undefined;
let stripTimer: number | undefined;

/**
 * data-live-url: the fragment to fetch. data-live-kinds: event names. data-live-patient: one patient, or several, else any.
 * data-live-mode="refresh" swaps at once (counters); else a line announces, in the words of data-live-one / data-live-many.
 * data-live-now: events after which what stands there may be false, swapped at once even where others are announced.
 * data-live-gone: refused, the record is closed to who looks at it, and the page with it.
 * data-lost, on what must not be trusted once the stream is lost: what to do then, across the whole screen.
 */
export function startLive(): void {
  const { liveStream, livePosition } = document.body.dataset;
  if (!liveStream) return;
  const link = openLiveLink(liveStream, Number(livePosition ?? 0), hear);
  // a stream cut by a stairwell ends without a word: the browser knows at once, silence would take a minute
  window.addEventListener("offline", () => showState(false, Date.now()));
  window.addEventListener("online", () => link.reconnect());
  document.addEventListener(UNLOCKED, () => link.reopen());
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement && target.matches("[data-logout]")) link.logout();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { target, xhr } = (event as CustomEvent<{ target: HTMLElement; xhr: XMLHttpRequest }>).detail;
    if (xhr.status !== 401 || coverPage() || !(isBeingTyped() || keepsText())) return;
    event.preventDefault(); // leaving for the door would lose what is being typed
    closePage("liveGone" in target.dataset ? "closed" : "ended");
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { target, xhr } = (event as CustomEvent<{ target: HTMLElement; xhr: XMLHttpRequest }>).detail;
    if ("liveGone" in target.dataset && [403, 404].includes(xhr.status)) closePage();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const { target } = (event as CustomEvent<{ target: HTMLElement }>).detail;
    if (!("liveGone" in target.dataset) || !target.childElementCount) return;
    // « séparé » after « réuni »: the last one is what is so
    const others = document.querySelectorAll<HTMLElement>("[data-live-gone]");
    others.forEach((other) => other !== target && other.replaceChildren());
  });
}

function hear(message: LiveMessage): void {
  if (message.type === "event") spread(message.event);
  // a stream that opens while the network goes says « connected » a moment too late
  else if (message.type === "state")
    showState(message.connected && navigator.onLine, message.connected ? Date.now() : message.lostAt);
  else if (keepsText()) return; // until it is copied
  else if (message.type === "stale") reloadOrSay();
  else endSession();
}

/** A shared workstation is locked more often than left: what is behind comes back with its password. */
function endSession(): void {
  if (coverPage()) return;
  window.clearTimeout(stripTimer);
  strip?.remove();
  if (!isBeingTyped() || !closePage("ended")) location.reload();
}

function isBeingTyped(): boolean {
  return hasUnsavedText() || unsavedTexts() !== "";
}

function spread(event: LiveEvent): void {
  document.querySelectorAll<HTMLElement>("[data-live-url]").forEach((element) => {
    const { livePatient, liveKinds = "", liveNow = "", liveMode } = element.dataset;
    if (livePatient && !livePatient.split(" ").includes(event.patient)) return;
    const isNow = liveNow.split(" ").includes(event.kind);
    if (!isNow && !liveKinds.split(" ").includes(event.kind)) return;
    if (isNow) announced(element)?.remove();
    if (isNow || liveMode === "refresh") refreshSoon(element);
    else announceNew(element, event.object);
  });
  const { liveToastUrl, liveToastKinds = "" } = document.body.dataset;
  if (liveToastUrl && liveToastKinds.split(" ").includes(event.kind)) toast(liveToastUrl, event.object);
}

function refreshSoon(element: HTMLElement): void {
  if (refreshing.has(element)) return;
  refreshing.add(element);
  setTimeout(() => {
    refreshing.delete(element);
    // each its own source: of several requests of one source, htmx keeps the one under way and the last
    void htmx.ajax("get", element.dataset["liveUrl"] ?? "", { source: element, target: element, swap: "innerHTML", headers: UNATTENDED });
  }, REFRESH_MS * (1 + Math.random()));
}

function announceNew(element: HTMLElement, object: string): void {
  const objects = ((announced(element) && waiting.get(element)) ?? new Set<string>()).add(object);
  waiting.set(element, objects);
  const { liveOne = "nouveauté", liveMany = "nouveautés" } = element.dataset;
  const sentence = `${objects.size}\u00a0${objects.size < 2 ? liveOne : liveMany}`;
  const button = announced(element) ?? newLine(element);
  button.textContent = sentence;
  announce(sentence);
}

function announced(element: HTMLElement): HTMLButtonElement | undefined {
  const before = element.previousElementSibling;
  return before instanceof HTMLButtonElement && before.matches(".new-content") ? before : undefined;
}

function newLine(element: HTMLElement): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "new-content";
  button.addEventListener("click", () => {
    button.remove();
    element.tabIndex = -1;
    void htmx
      .ajax("get", element.dataset["liveUrl"] ?? "", { source: element, target: element, swap: "innerHTML" })
      .then(() => element.focus({ preventScroll: true }));
  });
  element.before(button);
  return button;
}

/** One after the other: none is lost when three hospitals speak at once. */
function toast(url: string, object: string): void {
  const ask = () =>
    htmx.ajax("get", `${url}?object=${encodeURIComponent(object)}`, {
      source: "[data-toasts]",
      target: "[data-toasts]",
      swap: "beforeend",
      headers: UNATTENDED,
    });
  toasted = toasted.then(ask, ask);
}

function showState(connected: boolean, lostAt: number): void {
  window.clearTimeout(stripTimer);
  if (connected) {
    if (strip) announce("Connexion rétablie.");
    strip?.remove();
    strip = undefined;
    return;
  }
  stripTimer = window.setTimeout(() => showStrip(lostAt), CALM_MS);
}

function showStrip(lostAt: number): void {
  if (strip) return;
  const at = new Date(lostAt);
  const time = `${at.getHours()}\u00a0h\u00a0${String(at.getMinutes()).padStart(2, "0")}`;
  strip = lineOnTop("Hors connexion", `Connexion perdue, dernières données à ${time}.`);
  // a page that is watched says it across the whole screen: what it shows may be wrong by now
  const watched = document.querySelector<HTMLElement>("[data-lost]");
  if (!watched) return;
  strip.classList.replace("is-orange", "is-red");
  strip.classList.add("strip-whole");
  const more = document.createElement("p");
  more.textContent = watched.dataset["lost"] ?? "";
  strip.append(more);
}

function reloadOrSay(): void {
  if (!isBeingTyped()) {
    location.reload();
    return;
  }
  strip?.remove();
  strip = lineOnTop("Page à recharger", "Copiez votre texte, puis rechargez la page.");
}

function lineOnTop(word: string, text: string): HTMLElement {
  // a landmark: it stands outside the main part of the page
  const line = document.createElement("section");
  line.ariaLabel = word;
  line.className = "strip strip-page is-orange";
  const sentence = document.createElement("p");
  const strong = document.createElement("span");
  strong.className = "strip-word";
  strong.textContent = word;
  sentence.append(strong, ` · ${text}`);
  line.append(sentence);
  document.querySelector("main")?.before(line);
  announce(`${word}. ${text}`);
  return line;
}
