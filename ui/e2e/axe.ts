// What axe-core finds wrong with what a person sees.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "vitest";
import type { Person } from "./person";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Axe {
  run: (within: Document | string, options: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
}

/** Nothing is wrong with the page, or with the part of it that a selector names: by all rules, and in the other theme by
 * that of colours. */
export async function nothingWrong({ page }: Person, what: string, within: string | null = null): Promise<void> {
  // The page's own policy lets no foreign script in; this one is evaluated by the debugger.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const look = (options: object) =>
    page.evaluate(
      async ({ within, options }) => {
        const { axe } = window as unknown as { axe: Axe };
        const { violations } = await axe.run(within ?? document, { resultTypes: ["violations"], ...options });
        return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`));
      },
      { within, options },
    );
  const show = async (colorScheme: "light" | "dark") => {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
  };
  const theme = await page.evaluate(() => document.documentElement.dataset.theme as "light" | "dark");
  const other = theme === "dark" ? "light" : "dark";
  expect(await look({}), `${what} (${theme})`).toEqual([]);
  await show(other);
  expect(await look({ runOnly: ["color-contrast"] }), `${what} (${other})`).toEqual([]);
  await show(theme);
}

/** What was closed gave the focus back. */
export async function leadsBack({ page }: Person, what: string, from: () => boolean): Promise<void> {
  await expect.poll(() => page.evaluate(from), { timeout: 8000, interval: 30, message: `${what} leads back` }).toBe(true);
}

/** A dialog that is open keeps the focus, nothing is wrong with it, and Escape leads back to where the focus was. */
export async function soundDialog(person: Person, name: string, from: () => boolean): Promise<void> {
  const { page } = person;
  const dialog = page.getByRole("dialog", { name });
  await dialog.waitFor();
  await nothingWrong(person, name, '[role="dialog"]');
  // In the search for nodes, which ends with its choice, Tab chooses.
  await person.press(name === "Add a node" ? "ArrowDown" : "Tab");
  expect(await dialog.evaluate((element) => element.contains(document.activeElement)), `${name} keeps the focus`).toBe(true);
  await person.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await leadsBack(person, name, from);
}
