import { defineConfig } from "vite";

// The answers come from the collector, or from the mock while developing.
const collector = process.env.SIGHTLINE_URL ?? "http://127.0.0.1:8787";

export default defineConfig({
  build: {
    target: "es2022",
    // No data: URLs for scripts or styles: the Content-Security-Policy would refuse them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 300,
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  server: { proxy: { "/api": collector, "/feed": collector } },
});
