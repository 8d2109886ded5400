// `vortex up` as a user starts it: Prefect's server, Dask, an engine, a worker, the bridge, and Chromium before it.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { CHROMIUM, PYTHON, ROOT, type Stack } from "./stack";

/** Its nodes may read the examples. */
export async function realStack(): Promise<Stack> {
  const home = await mkdtemp(join(tmpdir(), "vortex-e2e-"));
  const up = spawn(PYTHON, ["-m", "vortex_prefect.cli.main", "up", "--home", home, "--port", "0", "--workers", "1"], {
    cwd: ROOT,
    env: {
      ...process.env,
      PYTHONPATH: `${ROOT}:${ROOT}workers`,
      VORTEX_DEVICE: "cpu",
      VORTEX_ARENA_BYTES: String(2 ** 31),
      VORTEX_FILE_ROOTS: `${ROOT}examples`,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = await addressOf(up);
  const browser = await chromium.launch({ executablePath: CHROMIUM });
  const never = () => {
    throw new Error("nothing lies between this stack and its browser");
  };
  return {
    url,
    token: null,
    reader: null,
    browser,
    cut: never,
    mend: never,
    stop: async () => {
      await browser.close();
      const ended = new Promise((resolve) => up.once("exit", resolve));
      up.kill("SIGTERM");
      const status = await ended;
      await rm(home, { recursive: true, force: true });
      if (status !== 0) throw new Error(`vortex up ended with ${status}`);
    },
  };
}

/** The bridge's, once it is up. */
async function addressOf(up: ChildProcess): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface({ input: up.stderr! })) {
    said.push(line);
    const found = /^VORTEX is up +(http\S+)/.exec(line);
    if (!found) continue;
    // What it says from now on is read, and thrown away.
    up.stderr!.resume();
    return found[1]!;
  }
  throw new Error(`vortex up ended before it was up:\n${said.join("\n")}`);
}
