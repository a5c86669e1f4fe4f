import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import type { Plugin } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const GROUND = "#0b5a6b"; // the disc of favicon.svg: under a telephone's mask it goes to the edges
const SAFE = 0.8; // what no mask cuts (W3C Web App Manifest, "maskable")

async function drawn(size: number, ground?: string): Promise<Buffer> {
  const drawing = readFileSync(join(here, "favicon.svg"));
  const inner = ground ? Math.round(size * SAFE) : size;
  const mark = await sharp(drawing, { density: (72 * inner) / 32 }).resize(inner, inner).png().toBuffer();
  const background = ground ?? { r: 0, g: 0, b: 0, alpha: 0 };
  return sharp({ create: { width: size, height: size, channels: 4, background } })
    .composite([{ input: mark }])
    .png({ compressionLevel: 9, palette: true })
    .toBuffer();
}

/** What a telephone shows of the installed application, drawn from favicon.svg. */
export function appIcons(): Plugin {
  return {
    name: "terresante-app-icons",
    async buildStart() {
      const icons: [string, number, string?][] = [
        ["app-192", 192],
        ["app-512", 512],
        ["app-maskable-512", 512, GROUND],
        ["app-touch-180", 180, GROUND],
      ];
      for (const [name, size, ground] of icons)
        this.emitFile({
          type: "asset",
          name: `${name}.png`,
          originalFileName: `icons/${name}.png`,
          source: await drawn(size, ground),
        });
    },
  };
}
