/**
 * The one registry of shortcuts: the keys that work and the list shown by `?` are the same list.
 *
 * None fires while somebody types in a field (except Escape) or moves a slider by its own keys, nor together with Ctrl, Alt or Meta: those belong to the browser.
 */
export interface Shortcut {
  /** As in KeyboardEvent.key; several that do the same. */
  keys: readonly string[];
  group: "Time" | "Look" | "Lists";
  label: string;
  run(event: KeyboardEvent): void;
}

export function listen(target: Document, shortcuts: readonly Shortcut[]): () => void {
  const byKey = shortcutsByKey(shortcuts);
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.key !== "Escape" && (isTyping(event.target) || movesSlider(event))) return;
    // Space and Enter press the button that has the focus; they are not ours then.
    if ((event.key === " " || event.key === "Enter") && isPressable(event.target)) return;
    const shortcut = byKey.get(event.key);
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run(event);
  };
  target.addEventListener("keydown", onKey);
  return () => target.removeEventListener("keydown", onKey);
}

/** The table looked up at a key press. Throws when two shortcuts want the same key. */
export function shortcutsByKey(shortcuts: readonly Shortcut[]): Map<string, Shortcut> {
  const byKey = new Map<string, Shortcut>();
  for (const shortcut of shortcuts) {
    for (const key of shortcut.keys) {
      const other = byKey.get(key);
      if (other !== undefined)
        throw new Error(`Cannot bind ${key} to "${shortcut.label}": it is bound to "${other.label}"`);
      byKey.set(key, shortcut);
    }
  }
  return byKey;
}

/** How a key is written on a key cap. */
export function keyCap(key: string): string {
  const names: Record<string, string> = {
    " ": "Space",
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Escape: "Esc",
  };
  return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=range]), textarea, select, [contenteditable]")
  );
}

const SLIDER_KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

function movesSlider({ target, key }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.matches("input[type=range]") && SLIDER_KEYS.includes(key);
}

function isPressable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("button, a, summary, [role=button]");
}
