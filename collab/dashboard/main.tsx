/**
 * The page. A source fills the model, the view holds what a person looks at, the loop draws the charts, the panels show the rest.
 */
import "./theme/theme.css";
import "./style.css";
import { render } from "preact";
import { Loop } from "../charts/loop.ts";
import { App } from "./app.tsx";
import { Alerts } from "./model/alerts.ts";
import { Controls } from "./model/controls.ts";
import { Model } from "./model/model.ts";
import { People } from "./model/people.ts";
import { signIn } from "./model/sign-in.ts";
import { View } from "./model/view.ts";
import { RecordedSource } from "./sources/recorded-source.ts";
import { SocketSource } from "./sources/socket-source.ts";
import type { Source } from "./sources/source.ts";

const options = new URLSearchParams(location.search);
const isDemo = options.has("demo");
const model = new Model();
const controls = new Controls();
const alerts = new Alerts(model, controls);
const people = new People(controls);
const view = new View(model);
const loop = new Loop(() => model.flush());

const root = document.getElementById("app");
if (root === null) throw new Error("Cannot start: the page has no element with id app");
render(
  <App model={model} view={view} loop={loop} controls={controls} alerts={alerts} people={people} />,
  root,
);
loop.start();

const source: Source = isDemo
  ? new RecordedSource(demoFile, options.get("state") ?? "live")
  : new SocketSource(view.spanUs.peek());
if (!isDemo) {
  await signIn(controls);
  model.sessionInfo.subscribe((info) => {
    if (info !== null) void controls.start(info.session);
  });
  controls.underWay.subscribe((underWay) => model.injectionsUnderWay(underWay));
  model.rewinds.subscribe(() => void controls.refresh());
}
source.start(model);
view.spanUs.subscribe((us) => source.setSpan?.(us));
addEventListener("pagehide", () => {
  source.stop();
  controls.stop();
  alerts.stop();
  people.stop();
});

async function demoFile(): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch("demo.gz");
  if (!response.ok) throw new Error(`Cannot play the demonstration: ${response.status}; expected demo.gz`);
  return new Uint8Array(await response.arrayBuffer());
}
