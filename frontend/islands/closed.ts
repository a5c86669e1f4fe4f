import htmx from "htmx.org";
import { announce } from "./announce";

// Of the frame: everything else under the body is the page's, and tells of whom it was about.
const KEPT = ".skip, header, main, [data-toasts], [data-announce], dialog[data-lock]";
const SENT = "terresante-sent"; // of this tab, until its next page
const OF_RECORD = ["on-record", "on-summary", "has-bottom-bar"];

/**
 * What stood there goes, a template of the layout takes its place: `data-closed`, the record is closed to whoever looks at it;
 * `data-ended`, nobody is logged in any more. False when there is none: closed already.
 */
export function closePage(why: "closed" | "ended" = "closed"): boolean {
  const said = document.querySelector<HTMLTemplateElement>(`template[data-${why}]`);
  const main = document.querySelector("main");
  if (!said || !main) return false;
  const typed = unsavedTexts();
  // a field that goes has changed: what asks after it, out of the page by then, would be led to the door
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  main.querySelectorAll("[hx-get]").forEach((one) => htmx.trigger(one, "htmx:abort"));
  document.querySelectorAll("body > header > :not(.bar, .portal-bar, .portal-nav)").forEach((one) => one.remove());
  document.querySelectorAll("[data-whose]").forEach((one) => one.remove()); // for whom somebody acts
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
  return true;
}

/**
 * What was sent and refused (the access had ended, another tab acts for somebody else, the server fell) comes back on the
 * page that says so; any other page has taken it.
 */
export function startGivingBack(): void {
  const typed = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  const main = document.querySelector("main");
  if (typed && main) keep(main, typed);
  if (!document.body.dataset["liveStream"]) return; // of who is logged in
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement && target.matches("main [method=post]:not([data-download], [target])"))
      sessionStorage.setItem(SENT, unsavedTexts());
  });
}

/** What was being typed is there to be copied: nothing may take it away. */
export function keepsText(): boolean {
  return document.querySelector("main [data-closed-text]:not([hidden])") !== null;
}

/**
 * One's own words, not what the page had filled in, but for a form that comes back refused; of several fields, each under its
 * label.
 */
export function unsavedTexts(): string {
  const fields = document.querySelectorAll<HTMLTextAreaElement | HTMLInputElement>(
    "main form[method=post] :is(textarea, input[type=text])",
  );
  const isRefused = document.querySelector("main [data-error-summary]") !== null;
  const typed = [...fields].filter((one) => one.value.trim() && (isRefused || one.value !== one.defaultValue));
  const [first] = typed;
  if (first && typed.length === 1) return first.value.trim();
  return typed.map((one) => `${one.labels?.[0]?.textContent.trim() ?? ""}\n${one.value.trim()}`.trim()).join("\n\n");
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
