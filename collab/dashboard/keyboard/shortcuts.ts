/** The keyboard shortcuts. `?` shows this list. */
import type { PanelProps } from "../components/panel-props.ts";
import { eventsIn } from "../model/incidents.ts";
import type { Model } from "../model/model.ts";
import { SPANS_US, type View } from "../model/view.ts";
import type { Shortcut } from "./keyboard.ts";

/** A step of the arrow keys, as a share of the picture. */
const STEP = 0.1;
const LEAP = 0.5;

/** What keys act on. */
export type KeyedPage = Pick<PanelProps, "model" | "view" | "controls" | "room" | "presence">;

/** `toggleTheme` changes between dark and light; it is passed in because a theme needs a page. */
export function shortcutsOf(page: KeyedPage, toggleTheme: () => void): Shortcut[] {
  const { model, view, controls, room } = page;
  const isReplay = () => controls.isReplay.peek();
  // Arrow keys move a recorded session itself, but only the picture of a live one.
  const pan = (share: number) =>
    isReplay() ? controls.moveBy(share * view.spanUs.value) : view.panUs(share * view.spanUs.value);
  const offered = (control: string, act: () => void) =>
    controls.whenKnown(() => {
      if (controls.supported.peek().has(control)) act();
    });
  const open = (dialog: "inject" | "whatIf") =>
    offered(dialog, () => {
      if (controls.whyNot(dialog) === "") view.dialog.value = dialog;
    });
  const showList = (list: typeof view.list.value) => {
    view.list.value = list;
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
    { keys: ["e"], group: "Lists", label: "List of incidents and events", run: () => showList("events") },
    { keys: ["o"], group: "Lists", label: "List of notes", run: () => showList("notes") },
    {
      keys: ["s"],
      group: "Together",
      label: "Mark a stretch of time for a note (or drag with Shift; Enter on a chart)",
      run: () => {
        if (room.whyNot() === "") view.isMarking.value = !view.isMarking.peek();
      },
    },
    {
      keys: ["Ctrl+z"],
      group: "Together",
      label: "Take back what you changed last",
      run: () => say(view, room.undo() ? "Taken back" : "There is nothing of yours to take back"),
    },
    {
      keys: ["Ctrl+Shift+z", "Ctrl+y"],
      group: "Together",
      label: "Make that change again",
      run: () => say(view, room.redo() ? "Made again" : "There is nothing to make again"),
    },
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
      run: () => offered("alerts", () => view.openThresholds(null)),
    },
    {
      keys: ["f"],
      group: "Look",
      label: "Find symbols: scan many with a rule",
      run: () => {
        view.dialog.value = "scan";
      },
    },
    {
      keys: ["r"],
      group: "Look",
      label: "Recordings: open one",
      run: () => {
        view.dialog.value = "recordings";
      },
    },
    {
      keys: ["v"],
      group: "Look",
      label: "Arrange the panels, for yourself or for all",
      run: () => {
        view.dialog.value = "layout";
      },
    },
    {
      keys: ["q"],
      group: "Look",
      label: "Monitor: how Eigenwatch itself does",
      run: () => {
        view.dialog.value = "monitor";
      },
    },
    { keys: ["t"], group: "Look", label: "Dark or light colours", run: () => toggleTheme() },
    { keys: ["?"], group: "Look", label: "This list of keys", run: () => toggleHelp(view) },
    { keys: ["Escape"], group: "Look", label: "Close, or leave a field", run: () => leave(page) },
  ];
}

function toggleHelp(view: View): void {
  view.help.value = !view.help.value;
}

function say(view: View, words: string): void {
  view.announcement.value = words;
}

function leave({ view, presence }: KeyedPage): void {
  presence.stopFollowing();
  view.stopWriting();
  view.help.value = false;
  view.dialog.value = null;
  view.openEvent.value = null;
  view.closeIncident();
  view.hoverUs.value = null;
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function moveEvent(model: Model, view: View, step: number): void {
  // Those of incidents are in their cards.
  const told = eventsIn(model.incidents.value);
  const events = model.events.value.filter(({ id }) => !told.has(id));
  const at = events.findIndex((event) => event.id === view.openEvent.value);
  const next = events[at < 0 ? 0 : Math.min(events.length - 1, Math.max(0, at + step))];
  if (next === undefined) return;
  view.openEvent.value = next.id;
  view.jumpTo(next.timeUs);
}
