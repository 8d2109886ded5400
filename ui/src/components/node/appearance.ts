// Colours and signs of categories and types; the colours themselves are the theme's.

import {
  Aperture,
  Blend,
  Box,
  Braces,
  Bug,
  Calculator,
  Crop,
  FileImage,
  Film,
  GitBranch,
  Image,
  Layers,
  List,
  type LucideIcon,
  Palette,
  Sparkles,
  SunMedium,
  SwatchBook,
  Type,
  VenetianMask,
  Workflow,
} from "lucide-react";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  math: Calculator,
  value: Box,
  text: Type,
  lists: List,
  data: Braces,
  flow: GitBranch,
  file: FileImage,
  source: Image,
  tone: SunMedium,
  colour: Palette,
  filter: Aperture,
  effect: Sparkles,
  mask: VenetianMask,
  transform: Crop,
  combine: Blend,
  channel: Layers,
  debug: Bug,
  video: Film,
  look: SwatchBook,
};

export const iconOf = (category: string): LucideIcon => ICONS[category.split("/")[0]!] ?? Workflow;

const HUES: Readonly<Record<string, number>> = {
  math: 205,
  value: 190,
  text: 95,
  lists: 170,
  data: 60,
  flow: 290,
  file: 20,
  source: 35,
  tone: 48,
  colour: 335,
  filter: 225,
  effect: 270,
  mask: 145,
  transform: 180,
  combine: 310,
  channel: 0,
  debug: 0,
};

/** A hue for a category; packs that nobody knew here get one by their name. */
export function hueOf(category: string): number {
  const top = category.split("/")[0]!;
  const known = HUES[top];
  if (known !== undefined) return known;
  let sum = 0;
  for (const letter of top) sum = (sum * 31 + letter.charCodeAt(0)) % 360;
  return sum;
}

/** A CSS colour of a port's type; lists have that of their items. */
export function typeColor(type: string): string {
  const item = type.startsWith("LIST[") ? type.slice(5, -1) : type;
  return `var(--type-${item.toLowerCase()}, var(--type-any))`;
}

/** `white_balance` → `White balance`. */
export function label(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60
    ? `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = count > 0 ? Math.min(Math.floor(Math.log2(count) / 10), units.length - 1) : 0;
  const value = count / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
