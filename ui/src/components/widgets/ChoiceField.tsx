import type { FieldProps } from "./ParamField";

export function ChoiceField({ param, name, value, onChange, onStep }: FieldProps) {
  const choices = param.choices ?? [];
  const known = choices.includes(String(value));
  return (
    <label className="field field-choice">
      <span className="field-name">{name}</span>
      <select
        value={String(value)}
        onChange={(event) => {
          onStep();
          onChange(event.target.value);
          onStep();
        }}
      >
        {!known && <option value={String(value)}>{String(value)}</option>}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </label>
  );
}
