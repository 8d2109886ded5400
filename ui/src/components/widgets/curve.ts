// Tone curves: monotone cubic Hermite interpolation (Fritsch and Carlson 1980), as the node `image.curves` computes it.

export type Point = [x: number, y: number];

export function pointsOf(value: unknown): Point[] {
  if (!Array.isArray(value))
    return [
      [0, 0],
      [1, 1],
    ];
  const points = value.filter(
    (item): item is Point => Array.isArray(item) && item.length === 2 && item.every(Number.isFinite),
  );
  return points.length >= 2
    ? [...points].sort((a, b) => a[0] - b[0])
    : [
        [0, 0],
        [1, 1],
      ];
}

/** The curve's value at `x`; level beyond its first and last point. */
export function valueAt(points: readonly Point[], x: number): number {
  const slopes = slopesOf(points);
  const last = points.length - 1;
  if (x <= points[0]![0]) return points[0]![1];
  if (x >= points[last]![0]) return points[last]![1];
  const index = points.findIndex((point) => point[0] > x) - 1;
  const [[x0, y0], [x1, y1]] = [points[index]!, points[index + 1]!];
  const width = x1 - x0;
  const t = (x - x0) / width;
  const [t2, t3] = [t * t, t * t * t];
  return (
    (2 * t3 - 3 * t2 + 1) * y0 +
    (t3 - 2 * t2 + t) * width * slopes[index]! +
    (-2 * t3 + 3 * t2) * y1 +
    (t3 - t2) * width * slopes[index + 1]!
  );
}

function slopesOf(points: readonly Point[]): number[] {
  const secants = points
    .slice(1)
    .map(([x, y], index) => (y - points[index]![1]) / Math.max(x - points[index]![0], 1e-6));
  const slopes = points.map((_, index) => {
    const [before, after] = [secants[index - 1], secants[index]];
    if (before === undefined) return after!;
    if (after === undefined) return before;
    return before * after <= 0 ? 0 : (before + after) / 2;
  });
  secants.forEach((secant, index) => {
    if (secant === 0) {
      slopes[index] = 0;
      slopes[index + 1] = 0;
      return;
    }
    const [a, b] = [slopes[index]! / secant, slopes[index + 1]! / secant];
    const length = Math.hypot(a, b);
    if (length <= 3) return;
    slopes[index] = (3 / length) * a * secant;
    slopes[index + 1] = (3 / length) * b * secant;
  });
  return slopes;
}

const clamp = (value: number) => Math.min(Math.max(value, 0), 1);
const tidy = (value: number) => Math.round(clamp(value) * 1000) / 1000;

export function movePoint(points: readonly Point[], index: number, to: Point): Point[] {
  const [low, high] = [points[index - 1]?.[0] ?? 0, points[index + 1]?.[0] ?? 1];
  const gap = 0.005;
  const first = index === 0 ? 0 : low + gap;
  const last = index === points.length - 1 ? 1 : high - gap;
  const x = Math.min(Math.max(to[0], first), last);
  return points.map((point, at) => (at === index ? [tidy(x), tidy(to[1])] : point));
}

export function addPoint(points: readonly Point[], at: Point): { points: Point[]; index: number } {
  const point: Point = [tidy(at[0]), tidy(at[1])];
  const next = [...points, point].sort((a, b) => a[0] - b[0]);
  return { points: next, index: next.indexOf(point) };
}

export function removePoint(points: readonly Point[], index: number): Point[] {
  return points.length > 2 ? points.filter((_, at) => at !== index) : [...points];
}
