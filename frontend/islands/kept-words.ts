import { forgetNote, type Account, type KeptNote } from "./kept-store";
import { button, element, text } from "./offline-draw";

/** What is said of a note that has not left: on the page that wrote it, and at the head of the others. */
export function told(note: KeptNote, tries: () => void, change: () => void): HTMLElement {
  const files = note.files.length ? ", avec ce qui y est joint" : "";
  return element(
    "section",
    { className: "card-body form kept-note", role: "alert" },
    element("h2", { tabIndex: -1, className: "mb-0" }, "Pas encore envoyée"),
    text(`La note n’a pas pu partir : sans doute le réseau. Elle est gardée sur cet appareil${files}, chiffrée. Elle partira toute seule dès que le réseau revient.`, "mb-0"),
    text("Vous pouvez quitter cette page : la note partira de la prochaine que vous ouvrirez avec du réseau. Ne vous déconnectez pas avant : elle serait effacée.", "mb-0"),
    element("blockquote", { className: "note-quoted note-text mb-0" }, note.text),
    element(
      "div",
      { className: "actions" },
      button("Essayer maintenant", "btn btn-main", tries),
      button("Modifier la note", "btn btn-second", change),
    ),
  );
}

/** At the head of any page: what has not left, and why. */
export function showLeft(left: [KeptNote, string][], mine: Account): void {
  document.querySelector("[data-kept-left]")?.remove();
  if (!left.length || document.querySelector(".kept-note")) return;
  const count = left.length === 1 ? "1 note n’est pas encore envoyée" : `${left.length} notes ne sont pas encore envoyées`;
  const holder = element("details", { className: "card card-body kept-left" }, element("summary", {}, count));
  holder.setAttribute("data-kept-left", "");
  for (const [note, sentence] of left) holder.append(line(note, sentence, mine));
  document.querySelector("#contenu")?.prepend(holder);
}

function line(note: KeptNote, sentence: string, mine: Account): HTMLElement {
  const made = element(
    "section",
    { className: "form" },
    text(`Pour ${note.whose}. ${sentence || "Elle partira dès que le réseau revient."}`, "mb-0"),
    element("blockquote", { className: "note-quoted note-text mb-0" }, note.text),
    button("Effacer cette note", "btn btn-third", () => {
      if (!window.confirm("Effacer cette note ? Elle n’a été envoyée à personne.")) return;
      void forgetNote(note.id, mine);
      const holder = made.closest("[data-kept-left]");
      made.remove();
      if (!holder?.querySelector("section")) holder?.remove();
    }),
  );
  return made;
}

/** Once, however often it is true. */
export function say(sentence: string): void {
  const toasts = document.querySelector("[data-toasts]");
  if (!toasts || [...toasts.children].some((one) => one.textContent === sentence)) return;
  toasts.append(element("div", { className: "toast" }, element("span", {}, sentence)));
}
