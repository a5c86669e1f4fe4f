import { forgetWaiting, waitingAnswers } from "./offline-store";

const SENT_TO = "/suivi/hors-ligne/";
const LONGEST_KEPT = 8 * 24 * 3600 * 1000; // ms: its permit is older than that for good
/** The sentence of an answer that has left, until there was time to read it: the page may be left in that instant. */
const SAID = "suivi-said";
const READ_IN = 4_000; // ms
/** Answers whose sentence this page has shown: the one that waits is tried again and again. */
const shown = new Set<string>();

/** One at a time: what was stored, and what will never be, leaves the telephone; the rest waits. */
export async function sendWaiting(): Promise<void> {
  for (const waiting of await waitingAnswers()) {
    const answer = await fetch(SENT_TO, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(waiting),
    }).catch(() => null);
    if (!answer || answer.status >= 500 || answer.status === 429) return;
    const told = (await answer.json().catch(() => null)) as { sentence?: string; waits?: boolean } | null;
    if (!told) return;
    const waits = told.waits === true && Date.now() - Date.parse(waiting.authored) < LONGEST_KEPT;
    if (!waits) await forgetWaiting(waiting.id);
    if (!waits || !shown.has(waiting.id)) show(told.sentence ?? "");
    shown.add(waiting.id);
  }
}

/** What the page before was left too soon to let read. */
export function sayAgain(): void {
  show(window.sessionStorage.getItem(SAID) ?? "");
}

function show(sentence: string): void {
  const toasts = document.querySelector("[data-toasts]");
  if (!toasts || !sentence) return;
  // said again of the page before, then told by the server: once is enough
  if ([...toasts.children].some((one) => one.textContent === sentence)) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.append(Object.assign(document.createElement("span"), { textContent: sentence }));
  toasts.append(toast);
  window.sessionStorage.setItem(SAID, sentence);
  window.setTimeout(() => window.sessionStorage.removeItem(SAID), READ_IN);
}
