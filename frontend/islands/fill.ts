import { announce } from "./announce";

/**
 * A form filled one question a screen. [data-pad="id of the field"]: keys of figures, on a touch screen, instead of the
 * keyboard of the telephone, which would hide the question. [data-breathing="id of the field"]: thirty seconds of breaths,
 * each one a touch. Without either, a number is typed.
 */
const SECONDS = 30;

export function startFilling(): void {
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    const key = target.closest<HTMLElement>("[data-pad] [data-key]");
    if (key) press(key);
  });
  prepareFilling(document);
  document.addEventListener("htmx:load", ({ target }) => {
    if (target instanceof Element) prepareFilling(target);
  });
}

/** Also for what the page without network draws by itself. */
export function prepareFilling(within: ParentNode): void {
  if (window.matchMedia("(pointer: coarse)").matches) {
    within.querySelectorAll<HTMLElement>("[data-pad]").forEach((pad) => {
      field(pad.dataset["pad"])?.setAttribute("inputmode", "none");
      pad.hidden = false;
    });
  }
  within.querySelectorAll<HTMLElement>("[data-breathing]").forEach(prepareBreathing);
}

function press(key: HTMLElement): void {
  const input = field(key.closest<HTMLElement>("[data-pad]")?.dataset["pad"]);
  if (!input) return;
  const pressed = key.dataset["key"] ?? "";
  const room = input.maxLength < 0 || input.value.length < input.maxLength;
  if (!pressed) input.value = input.value.slice(0, -1);
  else if (room && !(pressed === "," && /[.,]/.test(input.value))) input.value += pressed;
  announce(input.value || "vide");
}

function prepareBreathing(holder: HTMLElement): void {
  const input = field(holder.dataset["breathing"]);
  const part = (name: string) => holder.querySelector<HTMLElement>(`[data-breathing-${name}]`);
  const [start, tap, count, left, said] = [part("start"), part("tap"), part("count"), part("left"), part("say")];
  if (!input || !start || !tap || !count || !left || !said) return;
  holder.hidden = false;
  let [breaths, ends, clock] = [0, 0, 0];
  const finish = () => {
    window.clearInterval(clock);
    tap.hidden = true;
    start.hidden = false;
    input.value = String(breaths * 2);
    const told = `${breaths} respirations en ${SECONDS} secondes, soit ${breaths * 2} par minute.`;
    said.textContent = `${told} Ce n’est pas cela ? Recommencez, ou corrigez le chiffre.`;
    announce(told);
    input.focus();
  };
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    left.textContent = `${seconds} s`;
    if (!holder.isConnected) window.clearInterval(clock);
    else if (!seconds) finish();
  };
  start.addEventListener("click", () => {
    breaths = 0;
    count.textContent = "0";
    ends = performance.now() + SECONDS * 1000;
    start.hidden = true;
    tap.hidden = false;
    tap.focus();
    clock = window.setInterval(tick, 250);
    tick();
  });
  tap.addEventListener("click", () => {
    breaths += 1;
    count.textContent = String(breaths);
  });
}

function field(id: string | undefined): HTMLInputElement | null {
  const found = id ? document.getElementById(id) : null;
  return found instanceof HTMLInputElement ? found : null;
}
