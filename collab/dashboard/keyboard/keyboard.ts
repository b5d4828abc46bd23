/**
 * Keyboard shortcuts: one list, both for the keys that work and for the help that `?` shows.
 *
 * No shortcut runs while a person types in a field (except Escape) or moves a slider with its own keys, nor together with Ctrl, Alt or
 * Meta, which belong to the browser.
 */
export interface Shortcut {
  /** Values of KeyboardEvent.key that do the same. */
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
    // Space and Enter press the focused button.
    if ((event.key === " " || event.key === "Enter") && isPressable(event.target)) return;
    const shortcut = byKey.get(event.key);
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
