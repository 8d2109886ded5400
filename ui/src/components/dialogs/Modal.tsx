import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useUi } from "../../hooks/editor";
import { type Dialog as DialogName, ui } from "../../store/ui";

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
    <Dialog.Root open={open} onOpenChange={(stays) => !stays && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="modal" data-wide={wide} {...(doc ? {} : { "aria-describedby": undefined })}>
          <header>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="icon-button" aria-label="Close">
              <X size={16} />
            </Dialog.Close>
          </header>
          {doc && <Dialog.Description className="modal-doc">{doc}</Dialog.Description>}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
