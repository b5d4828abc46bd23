/**
 * The page. A source fills the model, the view holds what a person looks at, the loop draws the charts, the panels show the rest.
 */
import "./theme/theme.css";
import "./style.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { Loop } from "../charts/loop.ts";
import { App } from "./app.tsx";
import { showCursors } from "./components/cursors.ts";
import { goTo, keepAddress, placeIn, withPlace } from "./model/address.ts";
import { Alerts } from "./model/alerts.ts";
import { Controls } from "./model/controls.ts";
import { Layout } from "./model/layout.ts";
import { Model } from "./model/model.ts";
import { Notes } from "./model/notes.ts";
import { People } from "./model/people.ts";
import { Presence } from "./model/presence.ts";
import { Push } from "./model/push.ts";
import { Room } from "./model/room.ts";
import { Scans } from "./model/scans.ts";
import { signIn } from "./model/sign-in.ts";
import { Usual } from "./model/usual.ts";
import { View } from "./model/view.ts";
import { Workflows } from "./model/workflows.ts";
import { RecordedSource } from "./sources/recorded-source.ts";
import { SocketSource } from "./sources/socket-source.ts";
import type { Source } from "./sources/source.ts";

const options = new URLSearchParams(location.search);
const isDemo = options.has("demo");
const model = new Model();
const controls = new Controls();
const room = new Room(controls);
const alerts = new Alerts(model, controls, room);
const push = new Push(controls);
const people = new People(room, controls);
const view = new View(model);
goTo(view, placeIn(options));
const usual = new Usual(model);
const presence = new Presence(room, view);
const notes = new Notes(room, controls);
const layout = new Layout(model, room, view);
const workflows = new Workflows(room, controls);
const scans = new Scans(controls);
const loop = new Loop(() => model.flush());

const root = document.getElementById("app");
if (root === null) throw new Error("Cannot start: the page has no element with id app");
render(
  <App
    {...{
      model,
      view,
      loop,
      controls,
      alerts,
      push,
      room,
      people,
      presence,
      notes,
      layout,
      workflows,
      scans,
    }}
  />,
  root,
);
showCursors(presence, view);
loop.start();

const source: Source = isDemo
  ? new RecordedSource(demoFile, options.get("state") ?? "live")
  : new SocketSource(view.soughtUs.peek());
if (!isDemo) {
  await signIn(controls);
  model.sessionInfo.subscribe((info) => {
    if (info !== null) void controls.start(info.session);
  });
  controls.underWay.subscribe((underWay) => model.injectionsUnderWay(underWay));
  model.rewinds.subscribe(() => void controls.refresh());
  usual.start();
}
source.start(model);
effect(() => {
  // What has arrived may be too short for a window that was chosen meanwhile.
  model.pasts.value;
  const following = view.following.value;
  const endUs = view.frozenEndUs.value ?? model.headUs;
  source.look?.({ spanUs: view.soughtUs.value, endUs, following, charted: view.charted.value });
});
effect(() => {
  // Known already, or never to be: an answer changes nothing that this depends on.
  if (view.lacksMoment) source.lookAt?.(view.momentUs.peek()!);
});
const leaveAddress = keepAddress(view, (place) =>
  history.replaceState(history.state, "", withPlace(location.href, place)),
);
addEventListener("pagehide", () => {
  leaveAddress();
  source.stop();
  controls.stop();
  usual.stop();
  alerts.stop();
  push.stop();
  presence.stop();
  notes.stop();
  layout.stop();
  scans.stop();
  room.stop();
});

async function demoFile(): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch("demo.gz");
  if (!response.ok) throw new Error(`Cannot play the demonstration: ${response.status}; expected demo.gz`);
  return new Uint8Array(await response.arrayBuffer());
}
