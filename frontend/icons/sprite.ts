import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const lucide = join(dirname(createRequire(import.meta.url).resolve("lucide-static/package.json")), "icons");

const STROKE =
  'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';

function lucideSymbol(name: string): string {
  const drawing = readFileSync(join(lucide, `${name}.svg`), "utf8")
    .replace(/<!--.*?-->/gs, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" ${STROKE}>${drawing}</symbol>`;
}

function ownSymbols(): string {
  const source = readFileSync(join(here, "own.svg"), "utf8");
  return [...source.matchAll(/<symbol[\s\S]*?<\/symbol>/g)].map((match) => match[0]).join("");
}

/** One file of <symbol>s: the Lucide icons named in lucide.txt and our own shapes. */
export function iconSprite(): Plugin {
  return {
    name: "terresante-icon-sprite",
    buildStart() {
      const names = readFileSync(join(here, "lucide.txt"), "utf8").split("\n").filter(Boolean);
      const symbols = names.map(lucideSymbol).join("") + ownSymbols();
      this.emitFile({
        type: "asset",
        name: "icons.svg",
        originalFileName: "icons/sprite.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${symbols}</svg>\n`,
      });
      this.emitFile({
        type: "asset",
        name: "favicon.svg",
        originalFileName: "icons/favicon.svg",
        source: readFileSync(join(here, "favicon.svg"), "utf8"),
      });
    },
  };
}
