import { Dialog } from "radix-ui";
import { useWayBack } from "../../hooks/wayBack";

interface OverlayProps {
  open: boolean;
  onClose: () => void;
  /** Hides nearly all of the page. */
  dark?: boolean;
  className: string;
  wide?: boolean;
  /** It holds a `Dialog.Description`. */
  described?: boolean;
  children: React.ReactNode;
}

/** What every dialog stands on: it keeps the focus while it is open, and gives it back to what had it before. */
export function Overlay({ open, onClose, dark = false, className, wide, described = false, children }: OverlayProps) {
  // The dialog's own way back is to the button that opens it, and most are opened by keys.
  const back = useWayBack(open);
  return (
    <Dialog.Root open={open} onOpenChange={(stays) => !stays && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className={dark ? "veil dark" : "veil"} />
        <Dialog.Content
          className={className}
          data-wide={wide}
          onCloseAutoFocus={back}
          {...(described ? {} : { "aria-describedby": undefined })}
        >
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
