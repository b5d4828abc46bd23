/**
 * Gathers what detectors find into incidents: opened, grown, eased, closed, or accepted as the new normal.
 *
 *   announcements with a finding ─► what of them concerns the watched machine ─┐
 *   what people do about an incident: acknowledge, assign, snooze ────────────┴─► machine (machine.ts) ─► incident.* events
 *
 * Each partition of a session has such an actor, with its share of the session's budget.
 *
 * The detector only translates: channels of this program's own health are left out, and a finding about nothing else is dropped. Groups of the
 * host feed are recognised by the channel that only they have. All state is in the machine.
 */
import { incidentNumber } from "../../../protocol/incident-id.ts";
import type { Channels, CommandInput, Input } from "../../../protocol/messages.ts";
import { applySetting, type Settings } from "../../../protocol/settings.ts";
import type { Announced, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { isHost, OWN_HEALTH } from "../../ports/own-health.ts";
import { defineDetector } from "../define-detector.ts";
import { legacyOf } from "./book.ts";
import { incidentsMachine } from "./machine.ts";
import { keyOf } from "./signals.ts";

export const incidents = defineDetector({
  name: "incidents",
  version: 8,
  machine: incidentsMachine,
  commands: ["alert.acknowledged", "alert.assigned", "alert.snoozed"],
  listens: true,
  adapts: true,
  leaves: legacyOf,
  enabled: (settings) => settings.incidents.enabled,
  createDetector: (settings) => new IncidentsDetector(settings),
  machineInput: (settings, _group, partitions) => ({ perDay: share(settings, partitions) }),
});

/** People act on what lasts for seconds: what a machine does for a shorter time is its business. */
const HOST_PERSISTENCE_US = 10_000_000;

const SECOND_US = 1_000_000;

/** Announced by the core for an actor that was replaced: what it had found is no longer followed. */
const REPLACED: ReadonlySet<string> = new Set(["actor.restarted", "actor.stopped"]);

type Context = DetectorContext<typeof incidentsMachine>;

class IncidentsDetector implements Detector<typeof incidentsMachine> {
  readonly fields: Fields;
  /** Those of the session: a snapshot holds them, so they are no state of this actor. */
  private settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
    this.fields = {};
  }

  onInput(input: Input, context: Context): void {
    const timeUs = context.now;
    if (input.type === "command") this.obey(input, context);
    else if (input.type === "channels") {
      const learningUs = isHost(input.channels) ? this.settings.incidents.learningSeconds * SECOND_US : 0;
      context.signal({ type: "declared", timeUs, group: input.group, traits: traitsOf(input), learningUs });
    } else if (input.type === "sessionOpened") this.allow(context);
    else if (input.type === "configChanged") {
      this.settings = applySetting(this.settings, input.path, input.value);
      this.allow(context);
      // Settings are named after the actors that they restart.
      context.signal({ type: "forgotten", timeUs, group: "", actor: input.path.split(".")[0]! });
    }
  }

  onAnnouncement({ event, finding, group }: Announced, context: Context): void {
    const { actor, timeUs, title, id } = event;
    if (REPLACED.has(event.kind)) context.signal({ type: "forgotten", timeUs, group: group.name, actor });
    if (finding === null) return;
    const begins = finding.phase === "opened" || finding.phase === "grew";
    // A detector that does not stand by its finding: it is in the log for whoever asks.
    if (begins && finding.evidence <= 0) return;
    const ofHost = isHost(group.channels);
    const channels = ofHost ? event.channels.filter((name) => !name.startsWith(OWN_HEALTH)) : event.channels;
    if (channels.length === 0 && event.channels.length > 0) return;
    // One input may bring many rows: what one of them has is judged before what the next has.
    const { isGathering, nowUs } = context.machine.context;
    if (isGathering && timeUs > nowUs) context.signal({ type: "complete", timeUs: nowUs });
    context.signal({
      type: "found",
      ...finding,
      timeUs,
      key: keyOf(group.name, actor, finding.key),
      group: group.name,
      groupChannels: group.n,
      channels,
      title,
      eventId: id,
      everyUs: group.everyUs,
      persistenceUs: this.persistenceUs(group, ofHost),
    });
  }

  /** The session may go on with other settings, or as another number of partitions. */
  private allow(context: Context): void {
    const perDay = share(this.settings, context.partitions);
    if (perDay !== context.machine.context.perDay)
      context.signal({ type: "allowed", timeUs: context.now, perDay });
  }

  /** Commands about alerts, and about incidents of other partitions, are not for this actor. */
  private obey({ name, body, author }: CommandInput, context: Context): void {
    const { now: timeUs, partition } = context;
    const number = incidentNumber((body as { id: string }).id, partition);
    if (number === null) return;
    const about = { timeUs, number, by: author.name ?? author.id };
    switch (name) {
      case "alert.acknowledged":
        context.signal({ type: "acknowledged", ...about, note: (body as { note: string }).note });
        break;
      case "alert.assigned":
        context.signal({ type: "assigned", ...about, to: (body as { to: string }).to });
        break;
      case "alert.snoozed": {
        const { seconds } = body as { seconds: number };
        context.signal({ type: "snoozed", ...about, untilUs: timeUs + Math.round(seconds * SECOND_US) });
        break;
      }
      default:
    }
  }

  private persistenceUs({ everyUs }: Group, ofHost: boolean): number {
    const { persistence } = this.settings.incidents;
    if (persistence > 0) return persistence * SECOND_US;
    return ofHost ? HOST_PERSISTENCE_US : everyUs;
  }
}

/** Incidents a day of one partition: all of the session together keep its budget. */
function share({ incidents }: Settings, partitions: number): number {
  return incidents.budgetPerDay / partitions;
}

/** What a changed declaration changes: actors of the group are then made anew. */
function traitsOf({ channels, everyUs, sampling, innovation }: Channels): string {
  return `${channels.length} ${everyUs} ${sampling} ${innovation}`;
}
