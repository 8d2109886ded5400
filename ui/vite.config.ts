import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

declare const process: { env: Record<string, string | undefined> };

// `npm run dev` serves the sources, with a running stack behind them.
const stack = process.env.VORTEX_URL ?? "http://127.0.0.1:8420";
const passed = { target: stack, changeOrigin: true, ws: true };

export default defineConfig({
  base: "./",
  plugins: [react()],
  server: {
    proxy: { "/api": passed, "/ws": passed, "/collab": passed },
  },
  build: {
    target: "es2022",
    outDir: process.env.VORTEX_UI_OUT ?? "dist",
    emptyOutDir: true,
    // The page's Content-Security-Policy has no place for scripts within it.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
