/**
 * The page's frame: what stands where. A panel is a folder of panels/ and a row here; the places in the grid are in style.css.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PanelProps } from "./components/panel-props.ts";
import { listen } from "./keyboard/keyboard.ts";
import { shortcutsOf } from "./keyboard/shortcuts.ts";
import type { PanelName } from "./model/layout.ts";
import { AlertsLine } from "./panels/alerts/panel.tsx";
import { AnalysesDialog } from "./panels/analyses/panel.tsx";
import { ChannelsPanel } from "./panels/channels/panel.tsx";
import { ConnectionBanner } from "./panels/connection/panel.tsx";
import { EventsPanel } from "./panels/events/panel.tsx";
import { FollowBanner } from "./panels/follow/banner.tsx";
import { Header } from "./panels/header/panel.tsx";
import { HelpDialog } from "./panels/help/panel.tsx";
import { InjectionBanner } from "./panels/inject/banner.tsx";
import { InjectDialog } from "./panels/inject/panel.tsx";
import { JoinDialog } from "./panels/join/panel.tsx";
import { LayoutDialog } from "./panels/layout/panel.tsx";
import { MarksDialog } from "./panels/marks/panel.tsx";
import { MeasuresPanel } from "./panels/measures/panel.tsx";
import { MonitorDialog } from "./panels/monitor/panel.tsx";
import { NotesPanel } from "./panels/notes/panel.tsx";
import { RecordingsDialog } from "./panels/recordings/panel.tsx";
import { ReplayBar } from "./panels/replay/panel.tsx";
import { ScanDialog } from "./panels/scan/panel.tsx";
import { SignalsPanel } from "./panels/signals/panel.tsx";
import { StatePanel } from "./panels/state/panel.tsx";
import { ThresholdsDialog } from "./panels/thresholds/panel.tsx";
import { VerdictLine } from "./panels/verdict/panel.tsx";
import { WhatIfDialog } from "./panels/what-if/panel.tsx";
import { WorkflowsLine } from "./panels/workflows/panel.tsx";
import { toggleTheme } from "./theme/theme.ts";

type Panel = (props: PanelProps) => ComponentChildren;

/** Lines across the page, from the top. Each but the first and the verdict appears only when there is something to report. */
const LINES: readonly Panel[] = [
  Header,
  VerdictLine,
  ConnectionBanner,
  FollowBanner,
  ReplayBar,
  InjectionBanner,
  AlertsLine,
  WorkflowsLine,
];
/** Panels whose places the person chooses. */
const PLACED: Readonly<Record<PanelName, Panel>> = {
  signals: SignalsPanel,
  measures: MeasuresPanel,
  state: StatePanel,
  lists: ListPanel,
};
const DIALOGS: readonly Panel[] = [
  InjectDialog,
  WhatIfDialog,
  ThresholdsDialog,
  LayoutDialog,
  MonitorDialog,
  AnalysesDialog,
  MarksDialog,
  ScanDialog,
  RecordingsDialog,
  HelpDialog,
  JoinDialog,
];

export function App(props: PanelProps) {
  // All times on the page are in this zone.
  props.view.zone.value;
  useEffect(() => listen(document, shortcutsOf(props, toggleTheme)), []);
  const show = (Panel: Panel, key: number) => <Panel key={key} {...props} />;
  return (
    <>
      {LINES.map(show)}
      <Grid {...props} />
      {DIALOGS.map(show)}
      <Announcements {...props} />
    </>
  );
}

/** The places are in style.css: they depend on how many panels there are. */
function Grid(props: PanelProps) {
  const arranged = props.layout.shown.value;
  // Who writes a note sees it, whatever the arrangement.
  const isListMissing = props.view.isWriting.value && !arranged.includes("lists");
  const shown: readonly PanelName[] = isListMissing ? [...arranged, "lists"] : arranged;
  return (
    <main class={`grid shows-${shown.length}`}>
      <ChannelsPanel {...props} />
      {shown.map((name, k) => {
        const Panel = PLACED[name];
        return (
          <div class={`place place-${k + 1}`} key={name}>
            <Panel {...props} />
          </div>
        );
      })}
    </main>
  );
}

/** The list that the person has chosen. */
function ListPanel(props: PanelProps) {
  return props.view.list.value === "notes" ? <NotesPanel {...props} /> : <EventsPanel {...props} />;
}

/** Screen readers get no more than this. */
const ANNOUNCE_EVERY_MS = 2000;

/** Read out by screen readers: new events, and the values at the cursor. */
function Announcements({ model, view }: PanelProps) {
  const [text, setText] = useState("");
  useEffect(() => {
    let announced = idsOf(model.events.peek());
    const timer = setInterval(() => {
      const events = model.events.peek();
      const fresh = events.filter(({ id }) => !announced.has(id));
      announced = idsOf(events);
      const first = fresh[0];
      if (first === undefined) return;
      const more = fresh.length > 1 ? `, and ${fresh.length - 1} more` : "";
      setText(`${first.severity}: ${first.title}${more}`);
    }, ANNOUNCE_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <div class="sr" aria-live="polite">
        {text}
      </div>
      <div class="sr" aria-live="polite">
        {view.announcement.value}
      </div>
    </>
  );
}

function idsOf(events: readonly { readonly id: string }[]): ReadonlySet<string> {
  return new Set(events.map(({ id }) => id));
}
