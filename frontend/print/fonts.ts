import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import type { Plugin } from "vite";

const files = join(dirname(fileURLToPath(import.meta.url)), "../../node_modules/@fontsource/atkinson-hyperlegible/files");
const CUTS = ["latin-400-normal", "latin-400-italic", "latin-700-normal", "latin-700-italic", "latin-ext-400-normal", "latin-ext-700-normal"];
const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;

/** The font inside a WOFF 1.0 file (W3C Recommendation of 2012), each table inflated: typst reads nothing else. */
function unpacked(woff: Buffer): Buffer {
  if (woff.toString("latin1", 0, 4) !== "wOFF") throw new Error("not a WOFF 1.0 font");
  const count = woff.readUInt16BE(12);
  const head = Buffer.alloc(SFNT_HEADER + SFNT_ENTRY * count);
  const steps = Math.floor(Math.log2(count));
  woff.copy(head, 0, 4, 8);
  head.writeUInt16BE(count, 4);
  head.writeUInt16BE(16 * 2 ** steps, 6);
  head.writeUInt16BE(steps, 8);
  head.writeUInt16BE(16 * (count - 2 ** steps), 10);
  const parts: Uint8Array[] = [head];
  let offset = head.length;
  for (let table = 0; table < count; table++) {
    const entry = WOFF_HEADER + WOFF_ENTRY * table;
    const [start, packed, length] = [4, 8, 12].map((place) => woff.readUInt32BE(entry + place)) as [number, number, number];
    const bytes = woff.subarray(start, start + packed);
    const plain = packed < length ? inflateSync(bytes) : bytes;
    const place = SFNT_HEADER + SFNT_ENTRY * table;
    woff.copy(head, place, entry, entry + 4);
    woff.copy(head, place + 4, entry + 16, entry + 20);
    head.writeUInt32BE(offset, place + 8);
    head.writeUInt32BE(length, place + 12);
    const padding = Buffer.alloc((4 - (length % 4)) % 4);
    parts.push(plain, padding);
    offset += plain.length + padding.length;
  }
  return Buffer.concat(parts);
}

/** The typeface of the pages, for what is printed (terresante/kernel/printing.py). */
export function printFonts(): Plugin {
  return {
    name: "terresante-print-fonts",
    buildStart() {
      for (const cut of CUTS)
        this.emitFile({
          type: "asset",
          fileName: `fonts/atkinson-hyperlegible-${cut}.ttf`,
          source: unpacked(readFileSync(join(files, `atkinson-hyperlegible-${cut}.woff`))),
        });
    },
  };
}
