/**
 * form[data-guard]: a second submission is stopped, and leaving with unsaved text asks first.
 * A form sent by htmx is released when its answer arrives.
 */
const changed = new Set<HTMLFormElement>();
const sent = new WeakSet<HTMLFormElement>();

export function hasUnsavedText(): boolean {
  return [...changed].some((form) => form.isConnected);
}

export function startFormGuard(): void {
  document.addEventListener("input", ({ target }) => {
    const form = target instanceof Element ? target.closest<HTMLFormElement>("form[data-guard]") : null;
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    if (form.hasAttribute("data-download")) return; // the page stays, and may be asked again
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    changed.delete(form);
    submitters(form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  document.addEventListener("htmx:afterRequest", ({ target }) => {
    if (target instanceof HTMLFormElement) release(target);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));
  window.addEventListener("beforeunload", (event) => {
    if (hasUnsavedText()) event.preventDefault();
  });
}

/** It may be sent again. */
export function release(form: HTMLFormElement): void {
  sent.delete(form);
  submitters(form).forEach((button) => button.removeAttribute("aria-disabled"));
}

function submitters(form: HTMLFormElement): Element[] {
  return [...form.elements].filter((element) => element.matches("button:not([type=button]), input[type=submit]"));
}
