import { announce } from "./announce";
import { release } from "./form-guard";
import { dropNotes, notesKept } from "./kept-store";
import { emptyStore, somethingKept } from "./offline-store";

/** "/" goes to the search field, unless somebody is writing. */
export function startSearch(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = document.querySelector<HTMLInputElement>("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

/** details[data-menu] closes on Escape, on a click elsewhere, and when another one opens. */
export function startMenus(): void {
  const open = () => document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");
  document.addEventListener("click", ({ target }) => {
    open().forEach((menu) => {
      if (target instanceof Node && !menu.contains(target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    });
  });
}

/** [data-copy="text"], hidden until copying is possible. */
export function startCopy(): void {
  if (navigator.clipboard) document.querySelectorAll<HTMLElement>("[data-copy]").forEach((button) => (button.hidden = false));
  document.addEventListener("click", async ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-copy]") : null;
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
    announce("Copié.");
    if (button.lastChild) button.lastChild.textContent = " Copié";
  });
}

export function startPrint(): void {
  document.querySelectorAll<HTMLElement>("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
}

/** What is wrong with a form is read first. */
export function startErrorSummary(): void {
  document.querySelector<HTMLElement>("[data-error-summary]")?.focus();
}

/** Logging out leaves nothing of a record in this browser. */
export function startLogout(): void {
  document.addEventListener("submit", (event) => {
    const { target } = event;
    if (!(target instanceof HTMLFormElement) || !target.matches("[data-logout]")) return;
    if (notesKept() && !window.confirm("Une note écrite sur cet appareil n’est pas encore envoyée. Vous déconnecter l’efface. Continuer ?")) {
      event.preventDefault();
      release(target);
      return;
    }
    if (notesKept()) dropNotes();
    if (somethingKept()) emptyStore();
    sessionStorage.clear();
    localStorage.clear();
    if ("caches" in window) void caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))));
  });
}
