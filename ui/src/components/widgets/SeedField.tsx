import { Dices, Lock, LockOpen } from "lucide-react";
import { useEffect, useState } from "react";
import type { FieldProps } from "./ParamField";

/** Seeds have 64 bits, which JSON numbers of a browser do not: they are decimal text. */
export function SeedField({ param, name, value, onChange, onStep }: FieldProps) {
  const [locked, setLocked] = useState(true);
  const [text, setText] = useState(String(value ?? 0));
  useEffect(() => setText(String(value ?? 0)), [value]);
  const set = (next: string) => {
    onStep();
    onChange(next);
    onStep();
  };
  useEffect(() => {
    if (locked) return;
    // Another seed for each run, for as long as the lock is open.
    const roll = () => onChange(randomSeed());
    window.addEventListener("vortex-before-run", roll);
    return () => window.removeEventListener("vortex-before-run", roll);
  }, [locked, onChange]);
  return (
    <div className="field field-seed">
      <label className="field-label">
        <span className="field-name">{name}</span>
        <input
          className="field-input"
          inputMode="numeric"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setText(String(value ?? 0));
          }}
          onBlur={() => text !== String(value ?? param.default ?? 0) && set(text.trim())}
        />
      </label>
      <button
        type="button"
        className="field-button"
        aria-label={`${name}: another one`}
        title="Another seed"
        onClick={() => set(randomSeed())}
      >
        <Dices size={13} />
      </button>
      <button
        type="button"
        className="field-button"
        aria-pressed={locked}
        aria-label={`${name}: keep it`}
        title={locked ? "Kept from run to run" : "Another one for each run that you start"}
        onClick={() => setLocked(!locked)}
      >
        {locked ? <Lock size={12} /> : <LockOpen size={12} />}
      </button>
    </div>
  );
}

export function randomSeed(): string {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!.toString();
}
