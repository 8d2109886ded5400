import type { FieldProps } from "./ParamField";
import { useDraft } from "./useDraft";

export function ColourField({ name, value, onChange, onStep }: FieldProps) {
  const { text, type, begin, end } = useDraft(String(value ?? "#000000"));
  const hex = /^#[0-9a-f]{6}/i.exec(text)?.[0] ?? "#000000";
  return (
    <div className="field field-colour">
      <span className="field-name">{name}</span>
      <input
        className="field-input mono"
        aria-label={`${name} as text`}
        value={text}
        onFocus={() => {
          onStep();
          begin();
        }}
        onBlur={() => {
          end();
          onStep();
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") event.currentTarget.blur();
        }}
        onChange={(event) => {
          type(event.target.value);
          onChange(event.target.value);
        }}
      />
      <input type="color" aria-label={name} value={hex} onChange={(event) => onChange(event.target.value)} />
    </div>
  );
}
