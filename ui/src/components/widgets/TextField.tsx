import type { FieldProps } from "./ParamField";
import { useDraft } from "./useDraft";

/** Several lines. */
export function TextField({ name, value, onChange, onStep }: FieldProps) {
  const { text, type, begin, end } = useDraft(String(value ?? ""));
  return (
    <label className="field field-text">
      <span className="field-name">{name}</span>
      <textarea
        className="nowheel"
        rows={3}
        value={text}
        spellCheck={false}
        onFocus={() => {
          onStep();
          begin();
        }}
        onBlur={() => {
          end();
          onStep();
        }}
        onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
        onChange={(event) => {
          type(event.target.value);
          onChange(event.target.value);
        }}
      />
    </label>
  );
}

/** One line. */
export function LineField({ name, value, onChange, onStep }: FieldProps) {
  const { text, type, begin, end } = useDraft(String(value ?? ""));
  return (
    <label className="field field-line">
      <span className="field-name">{name}</span>
      <input
        className="field-input"
        value={text}
        spellCheck={false}
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
          if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
        }}
        onChange={(event) => {
          type(event.target.value);
          onChange(event.target.value);
        }}
      />
    </label>
  );
}
