import { release } from "./form-guard";
import { accountOf, askAccount, forgetNote, keepNote, keptNotes, notesKept, type KeptNote } from "./kept-store";
import { say, showLeft, told } from "./kept-words";

/**
 * form[data-kept="address"]: a note that finds no network is kept on this device (kept-store), said so, and sent again
 * under the same id: by this page as soon as there is one, by any other page of its author after it. [data-kept-said]:
 * what says so on a page without network.
 */
const AGAIN = 20_000; // ms: a telephone does not always say that its network is back
const opened = Date.now();

export function startKeptNotes(): void {
  if (!("indexedDB" in window) || !("subtle" in (window.crypto ?? {}))) return;
  const form = document.querySelector<HTMLFormElement>("form[data-kept]");
  form?.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    void send(form);
  });
  document.querySelectorAll<HTMLElement>("[data-kept-said]").forEach((part) => (part.hidden = !notesKept()));
  if (notesKept() && navigator.onLine) void sendKept();
  window.addEventListener("online", () => void sendKept());
}

async function send(form: HTMLFormElement): Promise<void> {
  const body = new FormData(form);
  body.set("authored", authored(form));
  const answer = await post(form.dataset["kept"] ?? "", body);
  if (!answer) return keep(form, body);
  // What is wrong with it is said by the page itself.
  if (!answer.ok) return form.submit();
  location.assign(((await answer.json()) as { url: string }).url);
}

/** By the server's clock, that of a device may be wrong. */
function authored(form: HTMLFormElement): string {
  return new Date(Date.parse(form.dataset["keptNow"] ?? "") + Date.now() - opened).toISOString();
}

/** Null when it must be tried again: no network, a server that does not answer, nobody logged in any more. */
async function post(url: string, body: FormData): Promise<Response | null> {
  const headers = { "HX-Request": "true" };
  const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual" }).catch(() => null);
  return !answer || answer.status >= 500 || [0, 401, 429].includes(answer.status) ? null : answer;
}

async function keep(form: HTMLFormElement, body: FormData): Promise<void> {
  const mine = await accountOf(form.dataset["keptAccount"] ?? "", form.dataset["keptKey"] ?? "");
  const note = await noteOf(form, body);
  try {
    await keepNote(note, mine);
  } catch {
    return stay(form); // no room, or a browser that keeps nothing
  }
  const again = window.setInterval(() => void sendKept(), AGAIN);
  const change = () => {
    window.clearInterval(again);
    void forgetNote(note.id, mine);
    panel.remove();
    shown(form, true);
  };
  const tries = () => void sendKept().then(() => say("Toujours pas de réseau : la note reste gardée."));
  const panel = told(note, tries, change);
  shown(form, false);
  form.before(panel);
  panel.querySelector<HTMLElement>("h2")?.focus();
}

function stay(form: HTMLFormElement): void {
  release(form);
  form.dispatchEvent(new Event("input", { bubbles: true })); // leaving asks first, as before
  say("La note n’est pas partie, et cet appareil ne peut pas la garder : restez sur cette page, et réessayez.");
}

async function noteOf(form: HTMLFormElement, body: FormData): Promise<KeptNote> {
  const fields: [string, string][] = [];
  const files: KeptNote["files"] = [];
  for (const [name, value] of body) {
    if (typeof value === "string") fields.push([name, value]);
    else if (value.size) files.push({ field: name, name: value.name, url: await read(value) });
  }
  return {
    id: String(body.get("id")),
    url: form.dataset["kept"] ?? "",
    list: form.dataset["keptList"] ?? "",
    whose: form.dataset["keptWhose"] ?? "",
    text: String(body.get("text")),
    authored: String(body.get("authored")),
    fields,
    files,
  };
}

function read(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** With the button that stands outside it. */
function shown(form: HTMLFormElement, yes: boolean): void {
  form.hidden = !yes;
  const name = form.getAttribute("id"); // a field of a note is called "id"
  document.querySelectorAll<HTMLElement>(`[form="${name}"]`).forEach((outside) => (outside.hidden = !yes));
  if (yes) release(form);
}

/** From the page that wrote it, the notes of its record show it then. */
async function sendKept(): Promise<void> {
  const mine = await askAccount();
  if (!mine) return;
  const left: [KeptNote, string][] = [];
  for (const note of await keptNotes(mine)) {
    const answer = await post(note.url, bodyOf(note));
    if (answer?.ok) {
      await forgetNote(note.id, mine);
      if (isHere()) return location.assign(note.list);
      say(`La note gardée pour ${note.whose} est envoyée.`);
    } else left.push([note, answer ? await why(answer) : ""]);
  }
  showLeft(left, mine);
}

function bodyOf(note: KeptNote): FormData {
  const body = new FormData();
  note.fields.forEach(([name, value]) => body.append(name, value));
  body.set("csrfmiddlewaretoken", document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "");
  if (!isHere()) body.set("later", "1");
  note.files.forEach(({ field, name, url }) => body.append(field, fileOf(url), name));
  return body;
}

/** The page's policy lets no script ask for a "data:" address. */
function fileOf(url: string): Blob {
  const [head = "", content = ""] = url.split(",");
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length).split(";")[0] ?? "" });
}

/** On the page that wrote what is kept. */
function isHere(): boolean {
  return document.querySelector(".kept-note") !== null;
}

async function why(answer: Response): Promise<string> {
  const told = (await answer.json().catch(() => null)) as { sentence?: string } | null;
  return told?.sentence ?? "Vous ne pouvez plus écrire dans ce dossier.";
}
