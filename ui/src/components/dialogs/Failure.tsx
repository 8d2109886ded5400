import { Copy, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useUi } from "../../hooks/editor";
import { ui } from "../../store/ui";
import { LongText } from "../panels/LongText";
import { Overlay } from "./Overlay";

/** All that is known of a node's error. */
export function Failure() {
  const failure = useUi((state) => state.failure);
  const text = failure
    ? [`${failure.error.code} ${failure.error.message}`, failure.error.hint, failure.error.traceback]
        .filter(Boolean)
        .join("\n\n")
    : "";
  return (
    <Overlay open={failure !== null} onClose={() => ui.setState({ failure: null })} className="modal" wide>
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
          {failure.error.traceback && (
            <LongText className="traceback" name="Traceback">
              {failure.error.traceback}
            </LongText>
          )}
        </>
      )}
    </Overlay>
  );
}
