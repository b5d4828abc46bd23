/** The page's frame: what stands where. */
import { useEffect } from "preact/hooks";
import { listen } from "../keyboard.ts";
import { shortcutsOf } from "../shortcuts.ts";
import { Announcer } from "./announcer.tsx";
import { ChannelList } from "./channel-list.tsx";
import { EventList } from "./event-list.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { InjectDialog } from "./inject-dialog.tsx";
import { InjectionBanner } from "./injection-banner.tsx";
import { MeasuresPanel } from "./measures-panel.tsx";
import { Notice } from "./notice.tsx";
import type { Parts } from "./parts.ts";
import { SignalsPanel } from "./signals-panel.tsx";
import { StatePanel } from "./state-panel.tsx";
import { Transport } from "./transport.tsx";
import { WhatIf } from "./what-if.tsx";

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
