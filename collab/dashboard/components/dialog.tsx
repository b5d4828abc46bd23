/** A modal window, closed by Escape, by its button, or by its owner. Its content exists only while it is open. */
import "./dialog.css";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

interface DialogProps {
  open: boolean;
  close: () => void;
  title: string;
  /** Its CSS class, which sets the size. */
  kind: string;
  children: () => ComponentChildren;
}

export function Dialog({ open, close, title, kind, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next key: it is for the dialog.
  useLayoutEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    <dialog class={`dialog ${kind}`} ref={dialog} onClose={close} aria-labelledby={id}>
      {open ? (
        <>
          <div class="dialog-head">
            <h2 id={id}>{title}</h2>
            <button type="button" class="icon-button" onClick={close} aria-label="Close">
              <Icon name="close" size={16} />
            </button>
          </div>
          {children()}
        </>
      ) : null}
    </dialog>
  );
}
