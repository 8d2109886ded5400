import { Link2, RotateCcw } from "lucide-react";
import { memo } from "react";
import type { ParamSpec } from "../../contract/api";
import type { Json } from "../../graph/model";
import { paramProblem } from "../../graph/problems";
import { label } from "../node/appearance";
import { ChoiceField } from "./ChoiceField";
import { ColourField } from "./ColourField";
import { CurveField } from "./CurveField";
import { FileField } from "./FileField";
import { JsonField } from "./JsonField";
import { NumberField } from "./NumberField";
import { SeedField } from "./SeedField";
import { SwitchField } from "./SwitchField";
import { LineField, TextField } from "./TextField";

export interface FieldProps {
  param: ParamSpec;
  /** The parameter's name for people. */
  name: string;
  value: Json;
  onChange: (value: Json) => void;
  /** A gesture begins or ends: what lies between is one step of undo. */
  onStep: () => void;
}

interface ParamFieldProps {
  param: ParamSpec;
  /** Undefined: the default. */
  value: Json | undefined;
  connected: boolean;
  onChange: (value: Json) => void;
  onReset: () => void;
  onStep: () => void;
}

/** The widget of a parameter. An edge overrides the value, so a connected one only says that. */
export const ParamField = memo(function ParamField(props: ParamFieldProps) {
  const { param, value, connected, onChange, onReset, onStep } = props;
  const name = label(param.name);
  if (connected) {
    return (
      <div className="field field-connected" title="The edge's value is used">
        <span className="field-name">{name}</span>
        <Link2 size={12} aria-label="connected" />
      </div>
    );
  }
  const shown = value ?? param.default ?? null;
  const wrong = value === undefined ? null : paramProblem(param, value);
  const changed = value !== undefined && JSON.stringify(value) !== JSON.stringify(param.default);
  const Field = fieldOf(param);
  return (
    <div className="param nodrag" data-wrong={wrong !== null} data-changed={changed} title={tip(param, wrong)}>
      <Field param={param} name={name} value={shown as Json} onChange={onChange} onStep={onStep} />
      {changed && !param.required && (
        <button type="button" className="param-reset" aria-label={`${name}: back to the default`} onClick={onReset}>
          <RotateCcw size={11} />
        </button>
      )}
    </div>
  );
}, sameField);

/** The callbacks are new with each drawing and always do the same. */
function sameField(before: ParamFieldProps, after: ParamFieldProps): boolean {
  return before.param === after.param && before.value === after.value && before.connected === after.connected;
}

function tip(param: ParamSpec, wrong: { code: string; message: string; hint: string } | null): string {
  if (wrong) return `${wrong.code} ${wrong.message}. ${wrong.hint}`;
  const { min, max } = param.bounds ?? {};
  const range =
    min != null || max != null ? ` (${min ?? "…"} to ${max ?? "…"}${param.unit ? ` ${param.unit}` : ""})` : "";
  return `${param.doc}${range}`;
}

function fieldOf(param: ParamSpec): React.ComponentType<FieldProps> {
  if (param.choices) return ChoiceField;
  switch (param.widget) {
    case "seed":
      return SeedField;
    case "colour":
      return ColourField;
    case "curve":
      return CurveField;
    case "file":
      return FileField;
    case "text":
      return param.type === "STRING" ? TextField : JsonField;
  }
  switch (param.type) {
    case "FLOAT":
    case "INT":
      return NumberField;
    case "BOOL":
      return SwitchField;
    case "JSON":
      return JsonField;
    default:
      return LineField;
  }
}
