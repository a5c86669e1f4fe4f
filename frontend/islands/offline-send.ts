import { forgetWaiting, waitingAnswers } from "./offline-store";

const SENT_TO = "/suivi/hors-ligne/";

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
