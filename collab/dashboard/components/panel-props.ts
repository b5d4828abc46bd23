/** What every panel gets. */

import type { Loop } from "../../charts/loop.ts";
import type { Alerts } from "../model/alerts.ts";
import type { Controls } from "../model/controls.ts";
import type { Model } from "../model/model.ts";
import type { People } from "../model/people.ts";
import type { View } from "../model/view.ts";

export interface PanelProps {
  model: Model;
  view: View;
  loop: Loop;
  controls: Controls;
  alerts: Alerts;
  people: People;
}
