import { announce } from "./announce";
import { sayAgain, sendWaiting } from "./offline-send";
import { emptyStore, keepKit, keepWaiting, somethingKept, waitingAnswers, type Kit } from "./offline-store";

/**
 * [data-kit="address"]: what is needed to answer without network is kept. On any page, what was answered without it is
 * sent as soon as there is one. [data-forget]: the button that drops all of it. [data-offline]: the page without network.
 */
const AGAIN = 20_000; // ms

export function startOffline(): void {
  if (!("indexedDB" in window) || !("subtle" in (window.crypto ?? {}))) return;
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest("[data-forget]")) return;
    emptyStore();
    announce("C’est effacé de ce téléphone.");
  });
  sayAgain();
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
