/** A button that opens what can be chosen. Another press, a press elsewhere and Escape close it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface MenuProps {
  readonly label: string;
  readonly title: string;
  readonly icon: Parameters<typeof Icon>[0]["name"];
  /** A class of its own. */
  readonly kind?: string;
  readonly children: ComponentChildren;
}

export function Menu({ label, title, icon, kind = "", children }: MenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = ({ target }: Event) => {
      const menu = details.current;
      if (menu?.open && !(target instanceof Node && menu.contains(target))) menu.open = false;
    };
    // Before charts take the press for themselves.
    addEventListener("pointerdown", close, true);
    return () => removeEventListener("pointerdown", close, true);
  }, []);
  return (
    <details
      class={`menu ${kind}`}
      ref={details}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !event.currentTarget.open) return;
        event.stopPropagation();
        event.currentTarget.open = false;
        event.currentTarget.querySelector("summary")?.focus();
      }}
    >
      <summary class="icon-button" aria-label={label} title={title}>
        <Icon name={icon} size={16} />
      </summary>
      <div class="menu-items">{children}</div>
    </details>
  );
}
