import { announce } from "./announce";
import { startCamera } from "./camera";

/**
 * [data-photos]: the photographs chosen or taken, one after the other, each with its picture and its description. They stay in
 * the field of the form, which sends them with the note; without this, one description goes for all.
 */
export function startPhotos(): void {
  document.querySelectorAll<HTMLElement>("[data-photos]").forEach(start);
}

let made = 0;

function start(holder: HTMLElement): void {
  const input = holder.querySelector<HTMLInputElement>("input[type=file][multiple]");
  const list = holder.querySelector<HTMLElement>("[data-photos-chosen]");
  const all = holder.querySelector<HTMLElement>("[data-photos-alt]");
  if (!input || !list || !all) return;
  const most = Number(holder.dataset["photos"]);
  const files: File[] = [];
  all.remove(); // each has its own
  const keep = () => {
    const held = new DataTransfer();
    files.forEach((file) => held.items.add(file));
    input.files = held.files;
    list.hidden = files.length === 0;
  };
  const add = (chosen: File[]) => {
    for (const file of chosen.slice(0, most - files.length)) {
      files.push(file);
      list.append(row(file, files, keep));
    }
    if (files.length === most && chosen.length) announce(`${most} photos au plus par note.`);
    keep();
    list.dispatchEvent(new Event("input", { bubbles: true })); // the form has something to lose
  };
  input.addEventListener("change", () => add([...(input.files ?? [])]));
  startCamera(holder, add);
}

function row(file: File, files: File[], keep: () => void): HTMLLIElement {
  const line = document.createElement("li");
  const picture = document.createElement("img");
  picture.width = picture.height = 64;
  picture.alt = "";
  const reader = new FileReader();
  reader.addEventListener("load", () => (picture.src = String(reader.result)));
  reader.readAsDataURL(file);
  const field = document.createElement("div");
  field.className = "field";
  const label = document.createElement("label");
  const words = document.createElement("input");
  words.name = "alt";
  words.id = `alt-${(made += 1)}`;
  words.maxLength = 200;
  words.autocomplete = "off";
  words.className = "form-control";
  label.htmlFor = words.id;
  label.textContent = "Ce que montre la photo";
  field.append(label, words);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "btn btn-third";
  remove.textContent = "Enlever";
  remove.setAttribute("aria-label", `Enlever ${file.name}`);
  remove.addEventListener("click", () => {
    files.splice(files.indexOf(file), 1);
    line.remove();
    keep();
  });
  line.append(picture, field, remove);
  return line;
}
