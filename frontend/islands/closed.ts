import { announce } from "./announce";

// Of the frame: everything else under the body is the page's, and tells of whom it was about.
const KEPT = ".skip, header, main, [data-toasts], [data-announce], dialog[data-lock]";
const OF_RECORD = ["on-record", "on-summary", "has-bottom-bar"];

/** The record is closed to whoever looks at it: what stood there goes, `template[data-closed]` takes its place. */
export function closePage(): void {
  const said = document.querySelector<HTMLTemplateElement>("template[data-closed]");
  const main = document.querySelector("main");
  if (!said || !main) return; // closed already
  const typed = unsavedTexts();
  document.querySelectorAll("body > header > :not(.bar, .portal-bar, .portal-nav)").forEach((one) => one.remove());
  [...document.body.children].filter((one) => !one.matches(KEPT)).forEach((one) => one.remove());
  document.querySelector("[data-toasts]")?.replaceChildren();
  document.body.classList.remove(...OF_RECORD);
  main.replaceChildren(said.content.cloneNode(true));
  said.remove();
  if (typed) keep(main, typed);
  const heading = main.querySelector("h1");
  document.title = `${heading?.textContent} · Terr-eSanté`;
  heading?.focus();
  announce(`${heading?.textContent}.`);
}

/** One's own words, not what the page had filled in. */
function unsavedTexts(): string {
  const texts = document.querySelectorAll<HTMLTextAreaElement>("main form textarea");
  return [...texts].filter((one) => one.value !== one.defaultValue).map((one) => one.value.trim()).join("\n\n").trim();
}

function keep(main: Element, typed: string): void {
  const field = main.querySelector<HTMLElement>("[data-closed-text]");
  const text = field?.querySelector("textarea");
  if (!field || !text) return;
  text.value = typed;
  const copy = field.querySelector<HTMLButtonElement>("[data-copy]");
  if (copy && navigator.clipboard) {
    copy.dataset["copy"] = typed;
    copy.hidden = false;
  }
  field.hidden = false;
}
