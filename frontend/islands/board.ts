/**
 * The keyboard of a board: j and k move, p takes, c goes to the call, Enter opens (the row's own link).
 * Everything it does has a link or a button of its own: without this island the page works the same.
 */
const WRITING = "input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]";

export function startBoard(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.closest(`${WRITING}, dialog`)) return;
    const act = ACTS[event.key];
    if (act?.()) event.preventDefault();
  });
  keepFocus();
}

const ACTS: Record<string, () => boolean> = {
  j: () => move(1),
  k: () => move(-1),
  p: () => press(scope()?.querySelector<HTMLButtonElement>("button[data-take]")),
  c: toCall,
};

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

function current(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-row]") ?? document.querySelector("[data-row].is-selected");
}

/** The selected row, or the page of one alert. */
function scope(): HTMLElement | null {
  return current() ?? document.querySelector("[data-alert-page]");
}

function move(step: number): boolean {
  const all = rows();
  if (!all.length) return false;
  const here = all.indexOf(current() ?? document.body);
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  all.forEach((row) => row.classList.toggle("is-selected", row === next));
  linkOf(next)?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

function linkOf(row: HTMLElement | null | undefined): HTMLAnchorElement | null {
  return row?.querySelector<HTMLAnchorElement>("a[data-open]") ?? null;
}

function press(button: HTMLButtonElement | null | undefined): boolean {
  button?.click();
  return Boolean(button);
}

function toCall(): boolean {
  const field = document.querySelector<HTMLInputElement>("[data-alert-page] [name=result]");
  if (field) {
    field.scrollIntoView({ block: "center" });
    field.focus();
    return true;
  }
  const link = linkOf(current());
  if (link) location.assign(`${link.href}#appel`);
  return Boolean(link);
}

/** A row that is drawn again in place keeps the focus that it had. */
function keepFocus(): void {
  let held: HTMLElement | null = null;
  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    const row = target instanceof HTMLElement && target.matches("[data-row]") ? target : null;
    held = row?.contains(document.activeElement) ? row : null;
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    if (held && target === held) linkOf(held)?.focus({ preventScroll: true });
    held = null;
  });
}
