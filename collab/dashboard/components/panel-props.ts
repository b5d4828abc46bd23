/** What every panel gets. */

import type { Loop } from "../../charts/loop.ts";
import type { Alerts } from "../model/alerts.ts";
import type { Controls } from "../model/controls.ts";
import type { Layout } from "../model/layout.ts";
import type { Model } from "../model/model.ts";
import type { Notes } from "../model/notes.ts";
import type { People } from "../model/people.ts";
import type { Presence } from "../model/presence.ts";
import type { Push } from "../model/push.ts";
import type { Room } from "../model/room.ts";
import type { Scans } from "../model/scans.ts";
import type { View } from "../model/view.ts";
import type { Workflows } from "../model/workflows.ts";

export interface PanelProps {
  model: Model;
  view: View;
  loop: Loop;
  controls: Controls;
  alerts: Alerts;
  push: Push;
  room: Room;
  people: People;
  presence: Presence;
  notes: Notes;
  layout: Layout;
  workflows: Workflows;
  scans: Scans;
}
