/**
 * The page: data come from a source into the model, the view says what is looked at, the loop draws, the components frame it.
 */
import { render } from "preact";
import { App } from "./components/app.tsx";
import { DemoSource } from "./demo-source.ts";
import { logIn } from "./login.ts";
import { Loop } from "./loop.ts";
import { Model } from "./model.ts";
import { SocketSource } from "./socket-source.ts";
import type { Source } from "./source.ts";
import { View } from "./view.ts";

const options = new URLSearchParams(location.search);
const model = new Model();
const view = new View(model);
const loop = new Loop(() => model.flush());

const root = document.getElementById("app");
if (root === null) throw new Error("Cannot start: the page has no element with id app");
render(<App model={model} view={view} loop={loop} />, root);
loop.start();

const source: Source = options.has("demo") ? new DemoSource(options) : new SocketSource(view.spanUs.peek());
if (!options.has("demo")) await logIn();
source.start(model);
view.spanUs.subscribe((us) => source.setSpan?.(us));
addEventListener("pagehide", () => source.stop());
