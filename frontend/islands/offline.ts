import { announce } from "./announce";
import { emptyStore, forgetWaiting, keepKit, keepWaiting, somethingKept, waitingAnswers, type Kit } from "./offline-store";

/**
 * [data-kit="address"]: what is needed to answer without network is kept. On any page, what was answered without it is
 * sent as soon as there is one. [data-forget]: the button that drops all of it. [data-offline]: the page without network.
 */
const SENT_TO = "/suivi/hors-ligne/";
const AGAIN = 20_000; // ms
const LONGEST_KEPT = 8 * 24 * 3600 * 1000; // ms: its permit is older than that for good

export function startOffline(): void {
  if (!("indexedDB" in window) || !("subtle" in (window.crypto ?? {}))) return;
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest("[data-forget]")) return;
    emptyStore();
    announce("C’est effacé de ce téléphone.");
  });
  const kit = document.querySelector<HTMLElement>("[data-kit]")?.dataset["kit"];
  const page = document.querySelector<HTMLElement>("[data-offline]");
  if (page) void import("./offline-fill").then(({ startOfflineFilling }) => startOfflineFilling(page));
  const renewed = kit ? fetchKit(kit) : Promise.resolve();
  if (somethingKept() && navigator.onLine) void renewed.then(sendWaiting);
  window.addEventListener("online", () => void sendWaiting());
  // A telephone does not always say that its network is back.
  if (page) window.setInterval(() => void sendWaiting(), AGAIN);
}

async function fetchKit(address: string): Promise<void> {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
  if (!answer?.ok) return;
  const kit = (await answer.json()) as Kit;
  await keepKit(kit);
  // What was answered under a session or a link closed since leaves by this one, when it answers for the same follow-up.
  const followed = new Set(Object.keys(kit.forms).map(followUpOf));
  for (const waiting of await waitingAnswers())
    if (followed.has(followUpOf(waiting.form))) await keepWaiting({ ...waiting, permit: kit.permit });
}

function followUpOf(form: string): string {
  return form.split("/")[0] ?? "";
}

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

/** Answers whose sentence this page has shown: the one that waits is tried again and again. */
const shown = new Set<string>();

function show(sentence: string): void {
  const toasts = document.querySelector("[data-toasts]");
  if (!toasts || !sentence) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.append(Object.assign(document.createElement("span"), { textContent: sentence }));
  toasts.append(toast);
}
