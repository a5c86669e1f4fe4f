import { getDocument, GlobalWorkerOptions, TextLayer, type PDFPageProxy, type RenderTask } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";

/** pdf.js, loaded only where a PDF is shown: its worker, fonts and decoders come from our own origin, hashed. */
export interface PdfPages {
  count: number;
  show(number: number, scale?: number): Promise<void>;
}

const FILES = import.meta.glob<string>("../../node_modules/pdfjs-dist/{standard_fonts,wasm}/*.{pfb,ttf,wasm}", {
  query: "?url",
  import: "default",
  eager: true,
});
const URL_OF = new Map(Object.entries(FILES).map(([path, url]) => [path.slice(path.lastIndexOf("/") + 1), url]));
// A phone's memory for one canvas: beyond, the page is drawn less fine and stretched.
const MOST_PIXELS = 12_000_000;

/** What a PDF counts on being there: the fourteen standard fonts, the decoders of scanned pages. */
class Bundled {
  async fetch({ filename }: { filename: string }): Promise<Uint8Array> {
    const url = URL_OF.get(filename);
    if (!url) throw new Error(`${filename} is not bundled`);
    return new Uint8Array(await (await fetch(url)).arrayBuffer());
  }
}

GlobalWorkerOptions.workerSrc = workerUrl;

export async function openPdf(url: string, stage: HTMLElement): Promise<PdfPages> {
  const pdf = await getDocument({
    url,
    isEvalSupported: false,
    enableXfa: false,
    useSystemFonts: false,
    disableRange: true,
    disableStream: true,
    disableAutoFetch: true,
    useWorkerFetch: false,
    BinaryDataFactory: Bundled,
    // Names only: what is fetched is `URL_OF`'s.
    standardFontDataUrl: "/",
    wasmUrl: "/",
  }).promise;
  const sheet = document.createElement("div");
  sheet.className = "viewer-sheet";
  stage.replaceChildren(sheet);
  let scale = 1;
  let asked = 0;
  let running: RenderTask | undefined;
  const show = async (number: number, wanted = scale): Promise<void> => {
    stretch(sheet, wanted / scale);
    scale = wanted;
    const turn = ++asked;
    running?.cancel();
    const page = await pdf.getPage(number);
    if (turn !== asked) return;
    running = await draw(page, sheet, (stage.clientWidth - 2) * scale, () => turn === asked);
  };
  return { count: pdf.numPages, show };
}

/** What is drawn already takes its new size at once, and is drawn again after. */
function stretch(sheet: HTMLElement, by: number): void {
  const { width, height } = sheet.style;
  if (!width || by === 1) return;
  sheet.style.setProperty("width", `${Number.parseFloat(width) * by}px`);
  sheet.style.setProperty("height", `${Number.parseFloat(height) * by}px`);
}

async function draw(
  page: PDFPageProxy, sheet: HTMLElement, width: number, isWanted: () => boolean,
): Promise<RenderTask | undefined> {
  const natural = page.getViewport({ scale: 1 });
  const viewport = page.getViewport({ scale: width / natural.width });
  const fine = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(viewport.width * fine);
  canvas.height = Math.floor(viewport.height * fine);
  canvas.setAttribute("aria-hidden", "true"); // its text stands beside it
  const task = page.render({ canvas, viewport, transform: [fine, 0, 0, fine, 0, 0] });
  try {
    await task.promise;
  } catch {
    return undefined; // another page, or another zoom, was asked meanwhile
  }
  if (!isWanted()) return task;
  const words = document.createElement("div");
  words.className = "viewer-words textLayer";
  sheet.style.setProperty("width", `${viewport.width}px`);
  sheet.style.setProperty("height", `${viewport.height}px`);
  sheet.style.setProperty("--total-scale-factor", String(viewport.scale));
  sheet.replaceChildren(canvas, words);
  await new TextLayer({ textContentSource: await page.getTextContent(), container: words, viewport }).render();
  return task;
}
