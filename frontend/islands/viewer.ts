import { announce } from "./announce";
import type { PdfPages } from "./viewer-pdf";

/** [data-viewer]: a PDF page by page, an image, a text; from 25 % to 400 % by buttons, keys, wheel and pinch, then moved by hand. */
const LEAST = 0.25;
const MOST = 4;
const STEP = 1.25;

/** What is shown: told its zoom, 1 being the width of the stage. */
interface Shown {
  zoom(scale: number): void;
  turn?(by: number): void;
}

export function startViewers(): void {
  document.querySelectorAll<HTMLElement>("[data-viewer]").forEach((viewer) => void open(viewer));
}

async function open(viewer: HTMLElement): Promise<void> {
  const stage = viewer.querySelector<HTMLElement>("[data-viewer-stage]");
  if (!stage) return;
  const kind = viewer.dataset["viewer"];
  try {
    if (kind === "text/plain") await showText(viewer, stage);
    else drive(viewer, stage, kind === "application/pdf" ? await showPdf(viewer, stage) : showImage(viewer));
  } catch {
    say(viewer, "L’aperçu n’a pas pu s’afficher : téléchargez le document pour le lire.");
  }
}

async function showText(viewer: HTMLElement, stage: HTMLElement): Promise<void> {
  const answer = await fetch(viewer.dataset["src"] ?? "");
  if (!answer.ok) throw new Error("not given");
  const text = document.createElement("pre");
  text.className = "viewer-text";
  text.textContent = await answer.text();
  stage.replaceChildren(text);
}

function showImage(viewer: HTMLElement): Shown {
  const image = viewer.querySelector<HTMLElement>("[data-viewer-image]");
  return { zoom: (scale) => image?.style.setProperty("width", `${100 * scale}%`) };
}

async function showPdf(viewer: HTMLElement, stage: HTMLElement): Promise<Shown> {
  say(viewer, "Préparation de l’aperçu…");
  const { openPdf } = await import("./viewer-pdf");
  const pages: PdfPages = await openPdf(viewer.dataset["src"] ?? "", stage);
  const place = viewer.querySelector<HTMLElement>("[data-viewer-page]");
  const holder = viewer.querySelector<HTMLElement>("[data-viewer-pages]");
  let number = 1;
  const tell = () => {
    if (place) place.textContent = `Page ${number} sur ${pages.count}`;
    viewer.querySelector("[data-act=previous]")?.toggleAttribute("disabled", number === 1);
    viewer.querySelector("[data-act=next]")?.toggleAttribute("disabled", number === pages.count);
  };
  if (holder) holder.hidden = false;
  tell();
  return {
    zoom: (scale) => void pages.show(number, scale),
    turn: (by) => {
      const wanted = Math.min(pages.count, Math.max(1, number + by));
      if (wanted === number) return;
      number = wanted;
      tell();
      announce(`Page ${number} sur ${pages.count}`);
      stage.scrollTop = 0;
      void pages.show(number);
    },
  };
}

function drive(viewer: HTMLElement, stage: HTMLElement, shown: Shown): void {
  const word = viewer.querySelector<HTMLElement>("[data-viewer-scale]");
  let scale = 1;
  const zoom = (wanted: number, at: Point = middleOf(stage)) => {
    const before = scale;
    scale = Math.min(MOST, Math.max(LEAST, wanted));
    if (word) word.textContent = `${Math.round(100 * scale)} %`;
    const [left, top] = [stage.scrollLeft + at.x, stage.scrollTop + at.y];
    shown.zoom(scale);
    // what was under the fingers stays there
    stage.scrollTo((left * scale) / before - at.x, (top * scale) / before - at.y);
  };
  const acts: Record<string, () => void> = {
    previous: () => shown.turn?.(-1),
    next: () => shown.turn?.(1),
    out: () => zoom(scale / STEP),
    in: () => zoom(scale * STEP),
    fit: () => zoom(1),
  };
  viewer.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-act]") : null;
    if (button) acts[button.dataset["act"] ?? ""]?.();
  });
  stage.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: "previous", PageUp: "previous", ArrowRight: "next", PageDown: "next", "+": "in", "=": "in", "-": "out", "0": "fit" }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow") && scale > 1) return; // the arrows move what is larger than the stage
    event.preventDefault();
    acts[act]?.();
  });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the pinch of a touchpad comes so
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 200), within(stage, event));
  }, { passive: false });
  pinch(stage, () => scale, zoom);
  drag(stage);
  const tools = viewer.querySelector<HTMLElement>("[data-viewer-tools]");
  if (tools) tools.hidden = false;
  const zoomTools = viewer.querySelector<HTMLElement>("[data-viewer-zoom]");
  if (zoomTools) zoomTools.hidden = false;
  zoom(1);
}

function pinch(stage: HTMLElement, current: () => number, zoom: (scale: number, at: Point) => void): void {
  let began = 0;
  let from = 1;
  stage.addEventListener("touchstart", (event) => {
    began = fingers(stage, event)?.gap ?? 0;
    from = current();
  }, { passive: true });
  stage.addEventListener("touchmove", (event) => {
    const now = fingers(stage, event);
    if (!began || !now) return;
    event.preventDefault();
    zoom((from * now.gap) / began, now.middle);
  }, { passive: false });
}

/** With a mouse, what is larger than the stage is held and moved; the words of a PDF stay to be selected. */
function drag(stage: HTMLElement): void {
  let held: Point | null = null;
  stage.addEventListener("pointerdown", (event) => {
    const { target } = event;
    if (event.pointerType !== "mouse" || event.button !== 0 || target === stage) return; // its own scrollbars
    if (target instanceof Element && target.closest(".viewer-words span")) return;
    held = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("is-held");
  });
  stage.addEventListener("pointermove", (event) => {
    if (held) stage.scrollTo(held.x - event.clientX, held.y - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    stage.addEventListener(end, () => {
      held = null;
      stage.classList.remove("is-held");
    });
  }
  stage.addEventListener("dragstart", (event) => event.preventDefault()); // an image would be carried away
}

/** In pixels of the stage, from its top left corner. */
interface Point {
  x: number;
  y: number;
}

function fingers(stage: HTMLElement, event: TouchEvent): { gap: number; middle: Point } | null {
  const [one, other] = [event.touches[0], event.touches[1]];
  if (!one || !other) return null;
  const middle = { clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 };
  return { gap: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY), middle: within(stage, middle) };
}

function within(stage: HTMLElement, { clientX, clientY }: { clientX: number; clientY: number }): Point {
  const box = stage.getBoundingClientRect();
  return { x: clientX - box.left, y: clientY - box.top };
}

function middleOf(stage: HTMLElement): Point {
  return { x: stage.clientWidth / 2, y: stage.clientHeight / 2 };
}

function say(viewer: HTMLElement, sentence: string): void {
  const state = viewer.querySelector<HTMLElement>("[data-viewer-state]");
  if (state) state.textContent = sentence;
}
