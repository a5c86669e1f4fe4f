import { unsavedTexts } from "./closed";
import { hasUnsavedText } from "./form-guard";

const CHECK_MS = 1_000;
const PRESENCE_MS = 30_000;
const SEEN = "terresante-seen"; // shared by the tabs of this browser
const STATE = "terresante-lock";
/** Told to the document when a page that stayed behind the lock goes on. */
export const UNLOCKED = "terresante:unlocked";
let lock: Lock | undefined;

/**
 * dialog[data-lock]: covers the page of a shared workstation after data-lock-after seconds without an act in any tab. The
 * server locks by itself at the same time; this hides what stays on the screen, and keeps what was being written.
 */
export function startLock(): void {
  const dialog = document.querySelector<HTMLDialogElement>("dialog[data-lock]");
  if (!dialog) return;
  lock = new Lock(dialog);
  lock.start();
}

/** False where no workstation is shared: nothing is covered. */
export function coverPage(): boolean {
  lock?.cover();
  return lock !== undefined;
}

class Lock {
  private readonly title = document.title;
  private told = Date.now();

  constructor(private readonly dialog: HTMLDialogElement) {}

  start(): void {
    localStorage.setItem(SEEN, String(Date.now()));
    localStorage.setItem(STATE, "open");
    for (const act of ["keydown", "pointerdown", "pointermove", "wheel"])
      document.addEventListener(act, () => this.act(), { passive: true });
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key !== STATE) return;
      if (newValue === "locked") this.cover();
      else if (newValue === "open" && this.dialog.open) this.uncover();
    });
    document.addEventListener("htmx:beforeOnLoad", (event) => {
      const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
      if (xhr.status !== 401) return;
      event.preventDefault(); // leaving for the door would lose what is being written
      this.cover();
    });
    this.dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.dialog.querySelector("form[data-unlock]")?.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation(); // the form guard would stop a second try
      void this.unlock(event.currentTarget as HTMLFormElement);
    });
    window.setInterval(() => void this.check(), CHECK_MS);
  }

  private act(): void {
    if (!this.dialog.open) localStorage.setItem(SEEN, String(Date.now()));
  }

  private async check(): Promise<void> {
    if (this.dialog.open) return;
    const seen = Number(localStorage.getItem(SEEN) ?? 0);
    if (Date.now() - seen >= Number(this.dialog.dataset["lockAfter"]) * 1_000) {
      this.cover();
      localStorage.setItem(STATE, "locked");
      await this.post(this.dialog.dataset["lockUrl"], { "X-Unattended": "1" });
    } else if (seen > this.told && Date.now() - this.told >= PRESENCE_MS) {
      this.told = Date.now();
      const answer = await this.post(this.dialog.dataset["lockPresence"], {});
      if (answer?.status === 401) this.cover();
    }
  }

  cover(): void {
    if (this.dialog.open) return;
    document.querySelectorAll<HTMLDialogElement>("dialog[open]").forEach((other) => other.close());
    document.title = "Session verrouillée"; // a record's title is its patient
    this.dialog.showModal();
  }

  private uncover(): void {
    document.title = this.title;
    this.dialog.close();
    this.told = Date.now();
    localStorage.setItem(SEEN, String(Date.now()));
    if (hasUnsavedText() || unsavedTexts()) document.dispatchEvent(new Event(UNLOCKED));
    else location.reload();
  }

  private async unlock(form: HTMLFormElement): Promise<void> {
    const answer = await this.post(form.action, { "X-Lock": "1" }, new FormData(form));
    const status = answer?.status;
    form.querySelectorAll<HTMLElement>("[data-lock-error]").forEach((one) => (one.hidden = status !== 422));
    form.querySelectorAll<HTMLElement>("[data-lock-busy]").forEach((one) => (one.hidden = status !== 503));
    form.querySelectorAll<HTMLInputElement>("input[type=password]").forEach((field) => (field.value = ""));
    if (status === 204) {
      localStorage.setItem(STATE, "open");
      this.uncover();
    } else if (status === 401) location.assign("/connexion/");
  }

  private async post(url: string | undefined, headers: Record<string, string>, body?: FormData): Promise<Response | undefined> {
    const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
    try {
      return await fetch(url ?? "", { method: "POST", headers: { "X-CSRFToken": token, ...headers }, body: body ?? null, redirect: "manual" });
    } catch {
      return undefined; // no network: the page stays covered
    }
  }
}
