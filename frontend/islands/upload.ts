import { announce } from "./announce";
import { startCamera } from "./camera";

/**
 * form[data-upload]: each chosen file is sent alone, with its own progress; without this, the form sends them together.
 * The server answers JSON: {title, url}, or {refusal} with a sentence.
 */
interface Line {
  file: File;
  row: HTMLLIElement;
  bar: HTMLProgressElement;
  said: HTMLElement;
  isDone: boolean;
}

export function startUploads(): void {
  document.querySelectorAll<HTMLFormElement>("form[data-upload]").forEach(start);
}

function start(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>("input[type=file][multiple]");
  const list = form.querySelector<HTMLElement>("[data-uploads]");
  if (!input || !list) return;
  const lines: Line[] = [];
  const add = (files: Iterable<File>) => {
    for (const file of files) lines.push(line(file, list, lines));
    list.hidden = lines.length === 0;
    input.value = "";
  };
  input.addEventListener("change", () => add([...(input.files ?? [])]));
  startCamera(form, add);
  startDrop(form, add);
  let isSending = false;
  form.addEventListener("submit", (event) => {
    const waiting = lines.filter((one) => !one.isDone && one.row.isConnected);
    if (!waiting.length || !form.reportValidity()) return; // the server says what is missing
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isSending) return;
    isSending = true;
    void sendAll(form, lines, waiting).finally(() => (isSending = false));
  });
}

function startDrop(form: HTMLFormElement, add: (files: File[]) => void): void {
  const zone = form.querySelector<HTMLElement>("[data-drop]");
  const words = form.querySelector<HTMLElement>("[data-drop-words]");
  if (!zone) return;
  if (words && window.matchMedia("(pointer: fine)").matches) words.hidden = false;
  for (const kind of ["dragover", "dragleave", "drop"] as const) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("is-over", kind === "dragover");
      if (kind === "drop") add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

function line(file: File, list: HTMLElement, lines: Line[]): Line {
  const row = document.createElement("li");
  const name = document.createElement("span");
  name.className = "upload-name";
  name.textContent = `${file.name}, ${size(file.size)}`;
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.hidden = true;
  bar.setAttribute("aria-label", `Envoi de ${file.name}`);
  const said = document.createElement("span");
  said.className = "upload-said";
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "btn btn-third";
  remove.textContent = "Enlever";
  remove.setAttribute("aria-label", `Enlever ${file.name}`);
  remove.addEventListener("click", () => {
    row.remove();
    lines.splice(lines.indexOf(made), 1);
    list.hidden = lines.length === 0;
  });
  row.append(name, remove, bar, said);
  list.append(row);
  const made = { file, row, bar, said, isDone: false };
  return made;
}

async function sendAll(form: HTMLFormElement, lines: Line[], waiting: Line[]): Promise<void> {
  const isAlone = lines.length === 1;
  for (const one of waiting) await send(form, one, isAlone);
  const left = lines.filter((one) => one.row.isConnected && !one.isDone);
  if (left.length) announce(left.length === 1 ? "Un fichier n’a pas été pris." : `${left.length} fichiers n’ont pas été pris.`);
  else window.location.assign(form.dataset["after"] ?? window.location.href);
}

function send(form: HTMLFormElement, one: Line, isAlone: boolean): Promise<void> {
  const sent = new FormData(form);
  sent.delete("sent");
  sent.append("sent", one.file, one.file.name);
  if (!isAlone) sent.set("title", "");
  one.bar.hidden = false;
  one.bar.value = 0;
  one.said.textContent = "";
  one.row.classList.remove("is-refused");
  return new Promise((resolve) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has left
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => (one.bar.value = (100 * loaded) / total));
    request.addEventListener("loadend", () => {
      finish(one, request);
      resolve();
    });
    request.send(sent);
  });
}

function finish(one: Line, request: XMLHttpRequest): void {
  one.bar.hidden = true;
  one.isDone = request.status === 200;
  one.row.classList.toggle("is-refused", !one.isDone);
  one.said.textContent = one.isDone ? "Au dossier" : refusal(request);
  if (one.isDone) one.row.querySelector("button")?.remove();
}

function refusal(request: XMLHttpRequest): string {
  if (request.status === 413 || request.status === 400) return "Ce fichier dépasse 100 Mo : réduisez sa définition.";
  if (request.status === 403) return "Vous ne pouvez plus déposer ici. Rechargez la page.";
  try {
    return String((JSON.parse(request.responseText) as { refusal: string }).refusal);
  } catch {
    return "L’envoi n’a pas abouti. Vérifiez la connexion, puis déposez de nouveau.";
  }
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} ko`;
  return `${(bytes / 1e6).toLocaleString("fr", { maximumFractionDigits: 1 })} Mo`;
}
