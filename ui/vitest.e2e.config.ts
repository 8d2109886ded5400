import { defineConfig } from "vitest/config";

declare const process: { env: Record<string, string | undefined> };

// A browser, a bridge and two cores: one file after the other.
export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    retry: Number(process.env.VORTEX_BROWSER_RETRIES ?? 0),
  },
});
