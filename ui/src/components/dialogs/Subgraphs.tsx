import { useEffect, useRef, useState } from "react";
import type { Exposed } from "../../graph/exposed";
import { portChanges } from "../../graph/exposed";
import { useEditor, useGraph } from "../../hooks/editor";
import {
  makeOfSelection,
  portsBefore,
  portsOf,
  portsOfSelection,
  publishedAs,
  publishGraph,
} from "../../store/subgraphs";
import { ui } from "../../store/ui";
import { Field } from "./Deploy";
import { Modal } from "./Modal";
import { PortNames, useNaming } from "./PortNames";

/** Makes one node of the selected ones. */
export function MakeSubgraph() {
  return (
    <Modal
      name="subgraph"
      title="Make a subgraph"
      doc="The selected nodes become a graph of their own, and one node of it takes their place, with all wires kept."
    >
      <MakeForm />
    </Modal>
  );
}

function MakeForm() {
  const editor = useEditor();
  const lines = portsOfSelection(
    editor,
    useGraph((view) => view),
  );
  const naming = useNaming(lines ?? []);
  return (
    <Form
      button="Make"
      submit={(form) => makeOfSelection(editor, String(form.get("name")).trim(), naming.names)}
      fields={
        <>
          <Field name="name" title="Name" value="Subgraph" required focus />
          <PortNames naming={naming} />
        </>
      }
    />
  );
}

/** Publishes the graph as a node type. */
export function Publish() {
  return (
    <Modal
      name="publish"
      title="Publish as a node"
      doc="Other graphs find the graph, as it is now, among the nodes. Its ports are what it takes from callers and gives to them."
    >
      <PublishForm />
    </Modal>
  );
}

function PublishForm() {
  const editor = useEditor();
  const view = useGraph((whole) => whole);
  const last = publishedAs(editor);
  const stem = last?.type.replace(/^graph\./, "").replace(/@.*/, "");
  const naming = useNaming(portsOf(editor, view));
  const before = usePortsBefore();
  const after = naming.lines.map((line) => ({ ...line, name: (naming.names.get(line.key) ?? line.name).trim() }));
  const submit = (form: FormData) => {
    const text = (field: string) => String(form.get(field) ?? "").trim() || null;
    const options = { name: text("name"), title: text("title"), category: text("category"), doc: text("doc") ?? "" };
    return publishGraph(editor, options, naming.names);
  };
  return (
    <Form
      button={last ? `Publish version ${last.version + 1}` : "Publish"}
      submit={submit}
      fields={
        <>
          <Field name="title" title="Title" value={last?.title ?? view.name} required focus />
          <Field name="name" title="Name of the type" value={stem ?? ""} placeholder="made of the graph's name" />
          <Field name="category" title="Category" value={last?.category ?? ""} placeholder="subgraph" />
          <Field name="doc" title="What it does" value={last?.doc ?? ""} />
          {after.length === 0 && (
            <p className="hint">It has no ports: in the panel of a node, give something of it to callers.</p>
          )}
          <PortNames naming={naming} changes={portChanges(before, after)} />
        </>
      }
    />
  );
}

/** Of the version that was published last; none until they are known. */
function usePortsBefore(): readonly Exposed[] {
  const editor = useEditor();
  const last = publishedAs(editor)?.type;
  const [ports, setPorts] = useState<readonly Exposed[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of another version, there are others
  useEffect(() => {
    let gone = false;
    void portsBefore(editor).then(
      (found) => !gone && setPorts(found),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [editor, last]);
  return ports;
}

interface FormProps {
  fields: React.ReactNode;
  button: string;
  /** Whether it was done; the dialog stays open where it was not. */
  submit: (form: FormData) => Promise<boolean>;
}

function Form({ fields, button, submit }: FormProps) {
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  return (
    <form
      ref={form}
      className="form"
      onSubmit={async (event) => {
        event.preventDefault();
        const wrong = form.current?.querySelector<HTMLInputElement>('[aria-invalid="true"]');
        if (wrong) return wrong.select();
        if (busy) return;
        setBusy(true);
        const done = await submit(new FormData(event.currentTarget));
        setBusy(false);
        if (done) ui.setState({ dialog: null });
      }}
    >
      {fields}
      <footer>
        <button type="submit" className="button primary" disabled={busy}>
          {button}
        </button>
      </footer>
    </form>
  );
}
