import { announce } from "./announce";
import { emptyStore, forgetWaiting, keepKit, somethingKept, waitingAnswers, type Kit } from "./offline-store";

/**
 * [data-kit="address"]: what is needed to answer without network is kept. On any page, what was answered without it is
 * sent as soon as there is one. [data-forget]: the button that drops all of it. [data-offline]: the page without network.
 */
const SENT_TO = "/suivi/hors-ligne/";
const AGAIN = 20_000; // ms

export function startOffline(): void {
  if (!("indexedDB" in window) || !("subtle" in (window.crypto ?? {}))) return;
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest("[data-forget]")) return;
    emptyStore();
    announce("C’est effacé de ce téléphone.");
  });
  const kit = document.querySelector<HTMLElement>("[data-kit]")?.dataset["kit"];
  if (kit) void fetchKit(kit);
  const page = document.querySelector<HTMLElement>("[data-offline]");
  if (page) void import("./offline-fill").then(({ startOfflineFilling }) => startOfflineFilling(page));
  if (somethingKept() && navigator.onLine) void sendWaiting();
  window.addEventListener("online", () => void sendWaiting());
  // A telephone does not always say that its network is back.
  if (page) window.setInterval(() => void sendWaiting(), AGAIN);
}

async function fetchKit(address: string): Promise<void> {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
  if (answer?.ok) await keepKit((await answer.json()) as Kit);
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
    const told = (await answer.json().catch(() => null)) as { sentence?: string } | null;
    if (!told) return;
    await forgetWaiting(waiting.id);
    show(told.sentence ?? "");
  }
}

function show(sentence: string): void {
  const toasts = document.querySelector("[data-toasts]");
  if (!toasts || !sentence) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.append(Object.assign(document.createElement("span"), { textContent: sentence }));
  toasts.append(toast);
}
