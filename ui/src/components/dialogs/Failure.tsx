import { Copy, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useUi } from "../../hooks/editor";
import { ui } from "../../store/ui";

/** All that is known of a node's error. */
export function Failure() {
  const failure = useUi((state) => state.failure);
  const text = failure
    ? [`${failure.error.code} ${failure.error.message}`, failure.error.hint, failure.error.traceback]
        .filter(Boolean)
        .join("\n\n")
    : "";
  return (
    <Dialog.Root open={failure !== null} onOpenChange={(open) => !open && ui.setState({ failure: null })}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="modal" data-wide="true" aria-describedby={undefined}>
          {failure && (
            <>
              <header>
                <Dialog.Title>
                  {failure.error.code} in {failure.error.node_id ?? failure.node}
                </Dialog.Title>
                <button
                  type="button"
                  className="icon-button"
                  title="Copy"
                  aria-label="Copy"
                  onClick={() => void navigator.clipboard?.writeText(text)}
                >
                  <Copy size={15} />
                </button>
                <Dialog.Close className="icon-button" aria-label="Close">
                  <X size={16} />
                </Dialog.Close>
              </header>
              <p>{failure.error.message}</p>
              {failure.error.hint && <p className="quiet">{failure.error.hint}</p>}
              {failure.error.traceback && <pre className="traceback">{failure.error.traceback}</pre>}
            </>
          )}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
