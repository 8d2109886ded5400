import { ExternalLink } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { DeploymentResource } from "../../contract/api";
import { useEditor, useGraph } from "../../hooks/editor";
import { api } from "../../session/api";
import { complain } from "../../store/editor";
import { Modal } from "./Modal";

/** Publishes the graph as a Prefect deployment. */
export function Deploy() {
  return (
    <Modal
      name="deploy"
      title="Publish as a deployment"
      doc="Prefect runs the graph as it is now, when somebody asks for it or by a schedule. Its form has the parameters that the graph gives to callers."
    >
      <DeployForm />
    </Modal>
  );
}

type Schedule = "none" | "cron" | "interval";

function DeployForm() {
  const editor = useEditor();
  const name = useGraph((view) => view.name);
  const inputs = useGraph((view) => view.inputs);
  const [schedule, setSchedule] = useState<Schedule>("none");
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<DeploymentResource | null>(null);
  const submit = async (form: FormData) => {
    setBusy(true);
    try {
      setMade(await api.deploy(editor.graphId, optionsOf(form, schedule)));
    } catch (error) {
      complain("Not published", error);
    } finally {
      setBusy(false);
    }
  };
  if (made) return <Published made={made} />;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      <Field name="name" title="Name" value={name.replace(/[/%&><]/g, " ") || "graph"} required />
      <fieldset className="choices">
        <legend>Schedule</legend>
        {(["none", "cron", "interval"] as const).map((kind) => (
          <label key={kind}>
            <input type="radio" name="schedule" checked={schedule === kind} onChange={() => setSchedule(kind)} /> {kind}
          </label>
        ))}
      </fieldset>
      {schedule === "cron" && <Field name="cron" title="Cron" value="0 6 * * *" required />}
      {schedule === "interval" && <Field name="interval_s" title="Every, seconds" value="3600" required />}
      {schedule !== "none" && (
        <Field name="timezone" title="Time zone" value={Intl.DateTimeFormat().resolvedOptions().timeZone} />
      )}
      <Field name="pool" title="Work pool" value="" placeholder="the stack's own" />
      <Field name="tags" title="Tags" value="" placeholder="with commas between" />
      <p className="quiet">
        {inputs.size
          ? `Parameters: ${[...inputs.keys()].join(", ")}`
          : "It has no parameters: give some to callers in the panel of a node."}
      </p>
      <footer>
        <button type="submit" className="button primary" disabled={busy}>
          Publish
        </button>
      </footer>
    </form>
  );
}

function optionsOf(form: FormData, schedule: Schedule) {
  const text = (name: string) => String(form.get(name) ?? "").trim() || null;
  return {
    name: text("name"),
    pool: text("pool"),
    tags: (text("tags") ?? "")
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
    ...(schedule === "cron" ? { cron: text("cron") } : {}),
    ...(schedule === "interval" ? { interval_s: Number(text("interval_s")) } : {}),
    ...(schedule === "none" ? {} : { timezone: text("timezone") }),
  };
}

interface FieldProps {
  name: string;
  title: string;
  value: string;
  placeholder?: string;
  required?: boolean;
  /** Typing goes there at once. */
  focus?: boolean;
}

export function Field({ name, title, value, focus, ...rest }: FieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!focus) return;
    field.current?.focus();
    field.current?.select();
  }, [focus]);
  return (
    <label className="form-field">
      <span>{title}</span>
      <input ref={field} name={name} defaultValue={value} {...rest} />
    </label>
  );
}

function Published({ made }: { made: DeploymentResource }) {
  return (
    <div className="form">
      <p>
        <b>{made.name}</b> is in the work pool <code>{made.pool}</code>.
      </p>
      {/^https?:\/\//.test(made.url) && (
        <a href={made.url} target="_blank" rel="noopener noreferrer">
          Look at it in Prefect <ExternalLink size={13} />
        </a>
      )}
    </div>
  );
}
