// Colours and signs of categories and types; the colours themselves are the theme's.

import {
  Aperture,
  AudioLines,
  Blend,
  Box,
  Boxes,
  Braces,
  BrainCircuit,
  Bug,
  Calculator,
  ChartLine,
  Crop,
  FileImage,
  Film,
  GitBranch,
  Grid3x3,
  Image,
  Layers,
  List,
  type LucideIcon,
  Palette,
  Pencil,
  Sparkles,
  SunMedium,
  Table,
  Type,
  VenetianMask,
  Workflow,
} from "lucide-react";

type Look = readonly [icon: LucideIcon, hue: number];

/** Packs, and categories that say more than their pack. */
const LOOKS: Readonly<Record<string, Look>> = {
  audio: [AudioLines, 28],
  batch: [Layers, 350],
  core: [Box, 200],
  debug: [Bug, 0],
  graph: [Boxes, 160],
  image: [Image, 225],
  mask: [VenetianMask, 145],
  model: [BrainCircuit, 268],
  plot: [ChartLine, 190],
  table: [Table, 92],
  tensor: [Grid3x3, 178],
  text: [Type, 55],
  video: [Film, 300],
  channel: [Layers, 0],
  colour: [Palette, 335],
  combine: [Blend, 310],
  data: [Braces, 60],
  draw: [Pencil, 15],
  effect: [Sparkles, 270],
  file: [FileImage, 20],
  filter: [Aperture, 225],
  flow: [GitBranch, 290],
  lists: [List, 170],
  math: [Calculator, 205],
  source: [Image, 35],
  tone: [SunMedium, 48],
  transform: [Crop, 180],
  value: [Box, 190],
};

/** A node type's sign and hue: by its category, else by its pack; packs that nobody knew here get a hue by their name. */
function lookOf(category: string, pack: string): Look {
  return LOOKS[category.split("/")[0]!] ?? LOOKS[pack] ?? [pack ? Boxes : Workflow, hueOfName(pack || category)];
}

const packOf = (type: string) => type.split(".")[0]!;

export const iconOf = (spec: { category: string; type: string } | undefined): LucideIcon =>
  spec ? lookOf(spec.category, packOf(spec.type))[0] : Workflow;

export const hueOf = (spec: { category: string; type: string } | undefined): number =>
  spec ? lookOf(spec.category, packOf(spec.type))[1] : 0;

export const packHue = (pack: string): number => LOOKS[pack]?.[1] ?? hueOfName(pack);

function hueOfName(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.charCodeAt(0)) % 360;
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
