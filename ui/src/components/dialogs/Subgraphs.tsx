import { useState } from "react";
import { useEditor, useGraph } from "../../hooks/editor";
import { makeOfSelection, publishGraph } from "../../store/subgraphs";
import { ui } from "../../store/ui";
import { Field } from "./Deploy";
import { Modal } from "./Modal";

/** Makes one node of the selected ones. */
export function MakeSubgraph() {
  const editor = useEditor();
  return (
    <Modal
      name="subgraph"
      title="Make a subgraph"
      doc="The selected nodes become a graph of their own, and one node of it takes their place, with all wires kept."
    >
      <Form
        button="Make"
        submit={(form) => makeOfSelection(editor, String(form.get("name")).trim())}
        fields={<Field name="name" title="Name" value="Subgraph" required focus />}
      />
    </Modal>
  );
}

/** Publishes the graph as a node type. */
export function Publish() {
  return (
    <Modal
      name="publish"
      title="Publish as a node"
      doc="Other graphs find the graph, as it is now, among the nodes. Its ports are what it gives to callers."
    >
      <PublishForm />
    </Modal>
  );
}

function PublishForm() {
  const editor = useEditor();
  const name = useGraph((view) => view.name);
  const last = editor.catalogue.offered.find(({ graph }) => graph === editor.graphId);
  const stem = last?.type.replace(/^graph\./, "").replace(/@.*/, "");
  const submit = (form: FormData) => {
    const text = (field: string) => String(form.get(field) ?? "").trim() || null;
    return publishGraph(editor, {
      name: text("name"),
      title: text("title"),
      category: text("category"),
      doc: text("doc") ?? "",
    });
  };
  return (
    <Form
      button={last ? `Publish version ${last.version + 1}` : "Publish"}
      submit={submit}
      fields={
        <>
          <Field name="title" title="Title" value={last?.title ?? name} required />
          <Field name="name" title="Name of the type" value={stem ?? ""} placeholder="made of the graph's name" />
          <Field name="category" title="Category" value={last?.category ?? ""} placeholder="subgraph" />
          <Field name="doc" title="What it does" value={last?.doc ?? ""} />
        </>
      }
    />
  );
}

interface FormProps {
  fields: React.ReactNode;
  button: string;
  /** Whether it was done; the dialog stays open where it was not. */
  submit: (form: FormData) => Promise<boolean>;
}

function Form({ fields, button, submit }: FormProps) {
  const [busy, setBusy] = useState(false);
  return (
    <form
      className="form"
      onSubmit={async (event) => {
        event.preventDefault();
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
