// What the tests in a browser stand on: a bridge with an engine that plays, Chromium, and a line between them that can
// be cut.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type Server, type Socket, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const CHROMIUM = process.env.VORTEX_CHROMIUM ?? "/usr/bin/chromium";
export const PYTHON = process.env.VORTEX_PYTHON ?? `${ROOT}.venv/bin/python`;

export interface Stack {
  url: string;
  token: string | null;
  /** Lets in to look only. */
  reader: string | null;
  browser: Browser;
  /** Cuts the line to the bridge, as a network that fails does. */
  cut: () => void;
  mend: () => void;
  stop: () => Promise<void>;
}

export async function startStack(...options: string[]): Promise<Stack> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`${CHROMIUM} is missing: apt-get install --no-install-recommends chromium (VORTEX_SKIP_BROWSER=1 leaves these tests out)`);
  }
  const bridge = spawn(PYTHON, ["-m", "tests.e2e.serve", ...options], {
    cwd: ROOT,
    env: { ...process.env, PYTHONPATH: `${ROOT}:${ROOT}workers` },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { port, token, reader } = await firstLine(bridge);
  const line = await lineTo(port);
  const browser = await chromium.launch({ executablePath: CHROMIUM });
  return {
    url: `http://127.0.0.1:${line.port}`,
    token,
    reader,
    browser,
    cut: line.cut,
    mend: line.mend,
    stop: async () => {
      await browser.close();
      line.close();
      bridge.stdin.end();
      await new Promise((resolve) => bridge.once("exit", resolve));
    },
  };
}

async function firstLine(bridge: ChildProcess): Promise<{ port: number; token: string | null; reader: string | null }> {
  let text = "";
  for await (const chunk of bridge.stdout!) {
    text += String(chunk);
    if (text.includes("\n")) return JSON.parse(text);
  }
  throw new Error("the bridge ended before it served");
}

async function lineTo(port: number) {
  const open = new Set<Socket>();
  let whole = true;
  const server: Server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]] as const) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    whole = false;
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    cut,
    mend: () => {
      whole = true;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
