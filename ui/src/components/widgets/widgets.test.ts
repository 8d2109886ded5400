import { describe, expect, it } from "vitest";
import { param } from "../../graph/testing";
import { addPoint, movePoint, type Point, pointsOf, removePoint, valueAt } from "./curve";
import { dragged, shown, typed } from "./number";

describe("numbers", () => {
  const bounded = param("p", "FLOAT", { bounds: { min: 0, max: 1, step: 0.01 } });
  const whole = param("p", "INT", { bounds: { min: 0, max: null } });
  it("move over their range in two hundred pixels, a tenth as fast with Shift", () => {
    expect(dragged(bounded, 0, 100, false)).toBe(0.5);
    expect(dragged(bounded, 0, 100, true)).toBe(0.05);
    expect(dragged(bounded, 0.5, 500, false)).toBe(1);
    expect(dragged(whole, 5, -9, false)).toBe(0);
  });
  it("are typed, sums too", () => {
    expect(typed("512*2", whole)).toBe(1024);
    expect(typed("(1+2)/4", bounded)).toBe(0.75);
    expect(typed("-.5", bounded)).toBe(-0.5);
    expect(typed("0,5", bounded)).toBe(0.5);
    expect(typed("1e3", whole)).toBe(1000);
    for (const text of ["", "x", "1+", "2 3", "(1", "1/0", "alert(1)"]) expect(typed(text, bounded)).toBeNull();
  });
  it("are shown without the digits that binary fractions add", () => {
    expect(shown(0.1 + 0.2, bounded)).toBe("0.3");
    expect(shown(4, bounded)).toBe("4");
  });
});

describe("curves", () => {
  const points: Point[] = [
    [0, 0],
    [0.25, 0.2],
    [0.75, 0.8],
    [1, 1],
  ];
  it("go through their points and never overshoot", () => {
    for (const [x, y] of points) expect(valueAt(points, x)).toBeCloseTo(y);
    const steep: Point[] = [
      [0, 0],
      [0.49, 0],
      [0.51, 1],
      [1, 1],
    ];
    for (let x = 0; x <= 1; x += 0.01) {
      expect(valueAt(steep, x)).toBeGreaterThanOrEqual(-1e-9);
      expect(valueAt(steep, x)).toBeLessThanOrEqual(1 + 1e-9);
    }
  });
  it("keep their points in order", () => {
    expect(movePoint(points, 1, [0.9, 0.5])[1]).toEqual([0.745, 0.5]);
    expect(addPoint(points, [0.5, 0.6])).toMatchObject({ index: 2 });
    expect(
      removePoint(
        [
          [0, 0],
          [1, 1],
        ],
        0,
      ),
    ).toHaveLength(2);
  });
  it("are a line where the value is none", () => {
    for (const value of [null, "x", [[0]], [[0, 0]]])
      expect(pointsOf(value)).toEqual([
        [0, 0],
        [1, 1],
      ]);
  });
});
