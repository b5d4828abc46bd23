/** The page's frame: what stands where. */
import { useEffect } from "preact/hooks";
import { Announcer } from "./components/announcer.tsx";
import type { Parts } from "./components/panel-props.ts";
import { listen } from "./keyboard/keyboard.ts";
import { shortcutsOf } from "./keyboard/shortcuts.ts";
import { ChannelList } from "./panels/channels/panel.tsx";
import { Notice } from "./panels/connection/panel.tsx";
import { EventList } from "./panels/events/panel.tsx";
import { Header } from "./panels/header/panel.tsx";
import { Help } from "./panels/help/panel.tsx";
import { InjectionBanner } from "./panels/inject/banner.tsx";
import { InjectDialog } from "./panels/inject/panel.tsx";
import { MeasuresPanel } from "./panels/measures/panel.tsx";
import { Transport } from "./panels/replay/panel.tsx";
import { SignalsPanel } from "./panels/signals/panel.tsx";
import { StatePanel } from "./panels/state/panel.tsx";
import { WhatIf } from "./panels/what-if/panel.tsx";

export function App(parts: Parts) {
  useEffect(() => listen(document, shortcutsOf(parts.model, parts.view, parts.controls)), []);
  return (
    <>
      <Header {...parts} />
      <Notice {...parts} />
      <Transport {...parts} />
      <InjectionBanner {...parts} />
      <main class="grid">
        <ChannelList {...parts} />
        <SignalsPanel {...parts} />
        <MeasuresPanel {...parts} />
        <StatePanel {...parts} />
        <EventList {...parts} />
      </main>
      <InjectDialog {...parts} />
      <WhatIf {...parts} />
      <Help {...parts} />
      <Announcer {...parts} />
    </>
  );
}
