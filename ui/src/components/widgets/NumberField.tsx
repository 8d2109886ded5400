import { type RefObject, useEffect, useRef, useState } from "react";
import { clamp, dragged, round, shown, stepOf, typed } from "./number";
import type { FieldProps } from "./ParamField";

/** Pixels after which a press becomes a drag. */
const SLACK_PX = 3;

/**
 * A number: drag to change it, click or Enter to type it (sums too), arrows for steps. The bar shows where it lies
 * within its bounds.
 */
export function NumberField({ param, name, value, onChange, onStep }: FieldProps) {
  const [typing, setTyping] = useState(false);
  const number = typeof value === "number" ? value : Number(value ?? 0);
  const set = (next: number) => onChange(round(clamp(next, param.bounds)));
  if (typing) {
    const end = (text: string | null) => {
      setTyping(false);
      const next = text === null ? null : typed(text, param);
      if (next !== null && next !== number) {
        onStep();
        // What is out of bounds stays as it was typed, and is marked: silently another value would be worse.
        onChange(next);
        onStep();
      }
    };
    return <NumberInput name={name} text={shown(number, param)} onEnd={end} />;
  }
  return (
    <Scrubber param={param} name={name} number={number} set={set} onStep={onStep} onType={() => setTyping(true)} />
  );
}

function NumberInput({ name, text, onEnd }: { name: string; text: string; onEnd: (text: string | null) => void }) {
  const ended = useRef(false);
  const end = (value: string | null) => {
    if (ended.current) return;
    ended.current = true;
    onEnd(value);
  };
  return (
    <label className="field field-typing">
      <span className="field-name">{name}</span>
      <input
        className="field-input"
        inputMode="decimal"
        defaultValue={text}
        ref={(input) => input?.select()}
        onBlur={(event) => end(event.target.value)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter" || event.key === "Tab") end(event.currentTarget.value);
          if (event.key === "Escape") end(null);
        }}
      />
    </label>
  );
}

interface ScrubberProps extends Pick<FieldProps, "param" | "name" | "onStep"> {
  number: number;
  set: (value: number) => void;
  onType: () => void;
}

function Scrubber({ param, name, number, set, onStep, onType }: ScrubberProps) {
  const drag = useRef<{ x: number; from: number; moved: boolean } | null>(null);
  const { min, max } = param.bounds ?? {};
  const bounded = min != null && max != null && max > min && max - min < 1e6;
  const filled = bounded ? Math.min(Math.max((number - min) / (max - min), 0), 1) : 0;
  const step = stepOf(param);
  const by = (steps: number) => {
    onStep();
    set(number + steps * step);
  };
  const field = useRef<HTMLDivElement>(null);
  useFocusedWheel(field, by);
  return (
    <div
      ref={field}
      className={bounded ? "field field-number field-bounded" : "field field-number"}
      style={bounded ? ({ "--filled": filled } as React.CSSProperties) : undefined}
      role="spinbutton"
      tabIndex={0}
      aria-label={name}
      aria-valuenow={number}
      aria-valuemin={min ?? undefined}
      aria-valuemax={max ?? undefined}
      aria-valuetext={`${shown(number, param)}${param.unit ? ` ${param.unit}` : ""}`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, from: number, moved: false };
        onStep();
      }}
      onPointerMove={(event) => {
        const from = drag.current;
        if (!from) return;
        const pixels = event.clientX - from.x;
        from.moved ||= Math.abs(pixels) > SLACK_PX;
        if (from.moved) set(dragged(param, from.from, pixels, event.shiftKey));
      }}
      onPointerUp={() => {
        const moved = drag.current?.moved;
        drag.current = null;
        if (moved) onStep();
        else onType();
      }}
      onPointerCancel={() => {
        drag.current = null;
      }}
      onKeyDown={(event) => {
        const steps: Record<string, number> = {
          ArrowUp: 1,
          ArrowRight: 1,
          ArrowDown: -1,
          ArrowLeft: -1,
          PageUp: 10,
          PageDown: -10,
        };
        const count = steps[event.key];
        if (count !== undefined) by(event.shiftKey ? count * 10 : count);
        else if (event.key === "Enter" || /^[\d.-]$/.test(event.key)) onType();
        else return;
        event.stopPropagation();
        // The first digit goes into the field that has just come, in the place of the old number.
        if (count !== undefined || event.key === "Enter") event.preventDefault();
      }}
    >
      <span className="field-name">{name}</span>
      <span className="field-value">
        {shown(number, param)}
        {param.unit && <small>{param.unit}</small>}
      </span>
    </div>
  );
}

/** The wheel changes a number only where the person is in it: else it zooms, as everywhere on the canvas. */
function useFocusedWheel(field: RefObject<HTMLElement | null>, by: (steps: number) => void): void {
  const turn = useRef(by);
  turn.current = by;
  useEffect(() => {
    const element = field.current;
    const onWheel = (event: WheelEvent) => {
      if (document.activeElement !== element || event.deltaY === 0 || event.ctrlKey) return;
      event.preventDefault();
      event.stopPropagation();
      turn.current(event.deltaY < 0 ? 1 : -1);
    };
    // React's own listener is passive: it cannot keep the canvas from zooming.
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [field]);
}
