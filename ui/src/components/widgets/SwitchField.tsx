import type { FieldProps } from "./ParamField";

export function SwitchField({ name, value, onChange, onStep }: FieldProps) {
  return (
    <label className="field field-switch">
      <span className="field-name">{name}</span>
      <input
        type="checkbox"
        role="switch"
        checked={value === true}
        aria-checked={value === true}
        onChange={(event) => {
          onStep();
          onChange(event.target.checked);
          onStep();
        }}
      />
    </label>
  );
}
