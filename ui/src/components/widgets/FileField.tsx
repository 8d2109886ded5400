import { FileUp, Loader2 } from "lucide-react";
import { useState } from "react";
import { api } from "../../session/api";
import { complain } from "../../store/editor";
import type { FieldProps } from "./ParamField";
import { useDraft } from "./useDraft";

/** Uploaded files lie under their SHA-256, by which the server gives them back. */
const SHA = /(?:^|\/)([0-9a-f]{64})(?:[./]|$)/;

export function FileField({ name, value, onChange, onStep }: FieldProps) {
  const path = String(value ?? "");
  const { text, type, begin, end } = useDraft(path);
  const [busy, setBusy] = useState(false);
  const sha = SHA.exec(path)?.[1];
  const upload = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    try {
      const stored = await api.upload(file);
      onStep();
      onChange(stored.path);
      onStep();
    } catch (error) {
      complain("Not uploaded", error);
    } finally {
      setBusy(false);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped here; the button does the same
    <div
      className="field field-file"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void upload(event.dataTransfer.files[0]);
      }}
    >
      <span className="field-name">{name}</span>
      <div className="field-file-row">
        <input
          className="field-input"
          aria-label={`${name}: path`}
          placeholder="choose a file, or drop one here"
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
            if (event.key === "Enter") event.currentTarget.blur();
          }}
          onChange={(event) => {
            type(event.target.value);
            onChange(event.target.value);
          }}
        />
        <label className="field-button" title="Upload a file">
          {busy ? <Loader2 size={13} className="turning" /> : <FileUp size={13} />}
          <input
            type="file"
            className="unseen"
            aria-label={`${name}: upload`}
            onChange={(event) => void upload(event.target.files?.[0])}
          />
        </label>
      </div>
      {sha && <img className="field-thumb" src={`/api/file/${sha}`} alt="" loading="lazy" onError={hide} />}
    </div>
  );
}

function hide(event: React.SyntheticEvent<HTMLImageElement>): void {
  event.currentTarget.hidden = true;
}
