// Relative addresses everywhere: the page works below any base path.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    // A policy of 'self' alone forbids data: scripts and styles; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  // For `npm run dev` beside a server that runs.
  server: { proxy: { "/kwq": process.env.KWQ_SERVER ?? "http://127.0.0.1:8080" } },
});
