import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { appIcons } from "./icons/app-icons.ts";
import { iconSprite } from "./icons/sprite.ts";
import { printFonts } from "./print/fonts.ts";

const root = dirname(fileURLToPath(import.meta.url));

export default defineConfig({
  root,
  base: "/static/",
  publicDir: false,
  plugins: [iconSprite(), appIcons(), printFonts()],
  css: {
    // Bootstrap 5.3 is written with the older Sass syntax; our own files are not silenced.
    preprocessorOptions: {
      scss: { quietDeps: true, silenceDeprecations: ["import", "global-builtin"], loadPaths: [join(root, "..", "node_modules")] },
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0, // the CSP allows no data: font
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        main: join(root, "islands/main.ts"),
        style: join(root, "styles/main.scss"),
        worker: join(root, "pwa/worker.ts"),
      },
    },
  },
  worker: { format: "es" },
});
