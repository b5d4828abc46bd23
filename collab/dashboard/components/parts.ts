/** What every component is handed. */
import type { Controls } from "../controls.ts";
import type { Loop } from "../loop.ts";
import type { Model } from "../model.ts";
import type { View } from "../view.ts";

export interface Parts {
  model: Model;
  view: View;
  loop: Loop;
  controls: Controls;
}
