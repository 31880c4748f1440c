import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The build goes where the Go package embeds it. Nothing is inlined, so that the page needs no exception in its
// Content-Security-Policy. `npm run dev` serves the sources and passes the API on to a node (TROUPE_NODE).
export default defineConfig({
  plugins: [svelte()],
  base: "./",
  build: {
    outDir: "../dist/app",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2023",
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    proxy: { "/api": process.env.TROUPE_NODE ?? "http://127.0.0.1:3000" },
  },
});
