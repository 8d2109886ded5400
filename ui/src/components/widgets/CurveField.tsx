import { useRef } from "react";
import { addPoint, movePoint, type Point, pointsOf, removePoint, valueAt } from "./curve";
import type { FieldProps } from "./ParamField";

const SIZE = 100;
const SAMPLES = 48;

/** A curve: drag its points, click for another one, double-click or Delete removes one. */
export function CurveField({ name, value, onChange, onStep }: FieldProps) {
  const points = pointsOf(value);
  const area = useRef<SVGSVGElement>(null);
  const dragging = useRef<number | null>(null);
  const place = (event: React.PointerEvent): Point => {
    const box = area.current!.getBoundingClientRect();
    return [(event.clientX - box.x) / box.width, 1 - (event.clientY - box.y) / box.height];
  };
  const path = Array.from({ length: SAMPLES + 1 }, (_, index) => {
    const x = index / SAMPLES;
    return `${x * SIZE},${(1 - Math.min(Math.max(valueAt(points, x), 0), 1)) * SIZE}`;
  });
  return (
    <div className="field field-curve">
      <span className="field-name">{name}</span>
      <svg
        ref={area}
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        preserveAspectRatio="none"
        aria-label={name}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          onStep();
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = place(event);
          const near = points.findIndex((point) => Math.hypot(point[0] - at[0], point[1] - at[1]) < 0.07);
          if (near >= 0) {
            dragging.current = near;
            return;
          }
          const added = addPoint(points, at);
          dragging.current = added.index;
          onChange(added.points);
        }}
        onPointerMove={(event) =>
          dragging.current !== null && onChange(movePoint(points, dragging.current, place(event)))
        }
        onPointerUp={() => {
          dragging.current = null;
          onStep();
        }}
        onDoubleClick={(event) => {
          const at = place(event as unknown as React.PointerEvent);
          const near = points.findIndex((point) => Math.hypot(point[0] - at[0], point[1] - at[1]) < 0.07);
          if (near >= 0) onChange(removePoint(points, near));
        }}
      >
        <path className="curve-grid" d="M25 0V100M50 0V100M75 0V100M0 25H100M0 50H100M0 75H100M0 100L100 0" />
        <polyline className="curve-line" points={path.join(" ")} />
      </svg>
      <div className="curve-points">
        {points.map((point, index) => (
          <button
            key={index}
            type="button"
            className="curve-point"
            style={{ left: `${point[0] * 100}%`, top: `${(1 - point[1]) * 100}%` }}
            aria-label={`${name}: point ${index + 1} at ${point[0]}, ${point[1]}`}
            onKeyDown={(event) => {
              const by: Record<string, Point> = {
                ArrowLeft: [-0.01, 0],
                ArrowRight: [0.01, 0],
                ArrowUp: [0, 0.01],
                ArrowDown: [0, -0.01],
              };
              const move = by[event.key];
              if (move) onChange(movePoint(points, index, [point[0] + move[0], point[1] + move[1]]));
              else if (event.key === "Delete" || event.key === "Backspace") onChange(removePoint(points, index));
              else return;
              event.preventDefault();
              event.stopPropagation();
            }}
          />
        ))}
      </div>
    </div>
  );
}
