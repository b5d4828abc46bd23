/** The keyboard shortcuts. `?` shows this list. */
import type { Controls } from "../model/controls.ts";
import type { Model } from "../model/model.ts";
import { SPANS_US, type View } from "../model/view.ts";
import type { Shortcut } from "./keyboard.ts";

/** A step of the arrow keys, as a share of the picture. */
const STEP = 0.1;
const LEAP = 0.5;

/** `toggleTheme` changes between dark and light; it is passed in because a theme needs a page. */
export function shortcutsOf(
  model: Model,
  view: View,
  controls: Controls,
  toggleTheme: () => void,
): Shortcut[] {
  const isReplay = () => controls.isReplay.peek();
  // Arrow keys move a recorded session itself, but only the picture of a live one.
  const pan = (share: number) =>
    isReplay() ? controls.moveBy(share * view.spanUs.value) : view.panUs(share * view.spanUs.value);
  const open = (dialog: "inject" | "whatIf") => {
    if (controls.supported.peek().has(dialog) && controls.whyNot(dialog) === "") view.dialog.value = dialog;
  };
  const openEvent = (step: number) => moveEvent(model, view, step);
  return [
    {
      keys: [" "],
      group: "Time",
      label: "Pause or resume",
      run: () => (isReplay() ? controls.togglePlay() : view.togglePause()),
    },
    {
      keys: ["ArrowLeft"],
      group: "Time",
      label: "Back in time (Shift: further)",
      run: (e) => pan(e.shiftKey ? -LEAP : -STEP),
    },
    {
      keys: ["ArrowRight"],
      group: "Time",
      label: "Forward in time (Shift: further)",
      run: (e) => pan(e.shiftKey ? LEAP : STEP),
    },
    { keys: ["End", "l"], group: "Time", label: "Go to the live edge", run: () => view.follow() },
    { keys: ["n"], group: "Time", label: "Recording: next event", run: () => void controls.moveToMark(1) },
    {
      keys: ["b"],
      group: "Time",
      label: "Recording: previous event",
      run: () => void controls.moveToMark(-1),
    },
    { keys: ["]"], group: "Time", label: "Recording: faster", run: () => controls.changeSpeed(1) },
    { keys: ["["], group: "Time", label: "Recording: slower", run: () => controls.changeSpeed(-1) },
    { keys: ["+", "="], group: "Time", label: "Zoom in", run: () => view.zoom(1 / 1.5) },
    { keys: ["-"], group: "Time", label: "Zoom out", run: () => view.zoom(1.5) },
    ...SPANS_US.map((span, k) => ({
      keys: [String(k + 1)],
      group: "Time" as const,
      label: `Show ${span.label}`,
      run: () => view.setSpan(span.us),
    })),
    { keys: ["/"], group: "Lists", label: "Filter channels", run: () => focus("#channel-filter") },
    {
      keys: ["c"],
      group: "Lists",
      label: "Go to the channel list (↑ ↓ move, Enter shows)",
      run: () => focus(".channel[tabindex='0']"),
    },
    { keys: ["j"], group: "Lists", label: "Next (older) event", run: () => openEvent(1) },
    { keys: ["k"], group: "Lists", label: "Previous (newer) event", run: () => openEvent(-1) },
    { keys: ["g"], group: "Look", label: "Next channel group", run: () => view.nextGroup() },
    {
      keys: ["m"],
      group: "Look",
      label: "Matrix: ρ or coherence of pairs",
      run: () => view.toggleMatrixScale(),
    },
    { keys: ["i"], group: "Look", label: "Inject a synthetic event", run: () => open("inject") },
    { keys: ["w"], group: "Look", label: "What would have happened?", run: () => open("whatIf") },
    {
      keys: ["a"],
      group: "Look",
      label: "Thresholds and their alerts",
      run: () => {
        if (controls.supported.peek().has("alerts")) view.dialog.value = "thresholds";
      },
    },
    { keys: ["t"], group: "Look", label: "Dark or light colours", run: () => toggleTheme() },
    { keys: ["?"], group: "Look", label: "This list of keys", run: () => toggleHelp(view) },
    { keys: ["Escape"], group: "Look", label: "Close, or leave a field", run: () => leave(view) },
  ];
}

function toggleHelp(view: View): void {
  view.help.value = !view.help.value;
}

function leave(view: View): void {
  view.help.value = false;
  view.dialog.value = null;
  view.openEvent.value = null;
  view.pinnedUs.value = null;
  view.hoverUs.value = null;
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function moveEvent(model: Model, view: View, step: number): void {
  const events = model.events.value;
  const at = events.findIndex((event) => event.id === view.openEvent.value);
  const next = events[at < 0 ? 0 : Math.min(events.length - 1, Math.max(0, at + step))];
  if (next === undefined) return;
  view.openEvent.value = next.id;
  view.jumpTo(next.timeUs);
}
