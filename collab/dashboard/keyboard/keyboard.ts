/**
 * Keyboard shortcuts: one list, both for the keys that work and for the help that `?` shows.
 *
 * No shortcut runs while a person types in a field (except Escape) or moves a slider with its own keys, nor together with Alt, which belongs to
 * the browser. Of the keys with Ctrl (on a Mac: Command) only those in the list are ours.
 */
export interface Shortcut {
  /** Values of KeyboardEvent.key that do the same; with Ctrl "Ctrl+z", "Ctrl+Shift+z". */
  keys: readonly string[];
  group: "Time" | "Look" | "Lists" | "Together";
  label: string;
  run(event: KeyboardEvent): void;
}

const CTRL = "Ctrl+";

export function listen(target: Document, shortcuts: readonly Shortcut[]): () => void {
  const byKey = shortcutsByKey(shortcuts);
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.defaultPrevented) return;
    if (event.key !== "Escape" && (isTyping(event.target) || movesSlider(event))) return;
    // Space and Enter press the focused button.
    if ((event.key === " " || event.key === "Enter") && isPressable(event.target)) return;
    const shortcut = byKey.get(nameOf(event));
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run(event);
  };
  target.addEventListener("keydown", onKey);
  return () => target.removeEventListener("keydown", onKey);
}

/** The shortcut of each key. Throws when two shortcuts use the same key. */
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

/** The label of a key. */
export function keyCap(key: string): string {
  if (key.startsWith(CTRL)) return key.split("+").map(keyCap).join(" ");
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

/** Caps Lock turns letters around: with Ctrl, Shift is named by itself. */
function nameOf({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent): string {
  return ctrlKey || metaKey ? `${CTRL}${shiftKey ? "Shift+" : ""}${key.toLowerCase()}` : key;
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
