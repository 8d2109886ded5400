import { useState } from "react";
import type { Json } from "../../graph/model";
import type { FieldProps } from "./ParamField";
import { useDraft } from "./useDraft";

/** JSON as text; while it does not parse, the last value that did stays. */
export function JsonField({ name, value, onChange, onStep }: FieldProps) {
  const { text, type, begin, end } = useDraft(JSON.stringify(value));
  const [wrong, setWrong] = useState(false);
  return (
    <label className="field field-text" data-wrong={wrong}>
      <span className="field-name">
        {name}
        {wrong && <em> is no JSON yet</em>}
      </span>
      <textarea
        className="nowheel mono"
        rows={2}
        value={text}
        spellCheck={false}
        onFocus={() => {
          onStep();
          begin();
        }}
        onBlur={() => {
          end();
          setWrong(false);
          onStep();
        }}
        onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
        onChange={(event) => {
          type(event.target.value);
          const parsed = parse(event.target.value);
          setWrong(parsed === undefined);
          if (parsed !== undefined) onChange(parsed);
        }}
      />
    </label>
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
