import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useUi } from "../../hooks/editor";
import { type Dialog as DialogName, ui } from "../../store/ui";
import { Overlay } from "./Overlay";

interface ModalProps {
  name: Exclude<DialogName, null>;
  title: string;
  doc?: string;
  wide?: boolean;
  children: React.ReactNode;
}

export function Modal({ name, ...rest }: ModalProps) {
  const open = useUi((state) => state.dialog === name);
  return <Window open={open} onClose={() => ui.setState({ dialog: null })} {...rest} />;
}

interface WindowProps extends Omit<ModalProps, "name"> {
  open: boolean;
  onClose: () => void;
}

export function Window({ open, onClose, title, doc, wide, children }: WindowProps) {
  return (
    <Overlay open={open} onClose={onClose} className="modal" wide={wide} described={doc !== undefined}>
      <header>
        <Dialog.Title>{title}</Dialog.Title>
        <Dialog.Close className="icon-button" aria-label="Close">
          <X size={16} />
        </Dialog.Close>
      </header>
      {doc && <Dialog.Description className="modal-doc">{doc}</Dialog.Description>}
      {children}
    </Overlay>
  );
}
