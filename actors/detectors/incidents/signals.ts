/** What the incidents detector reports to its machine. */
import type { Finding, Signal } from "../../ports/detector.ts";

/** An announcement of a lasting thing. */
export interface Found extends Signal, Omit<Finding, "key"> {
  readonly type: "found";
  /** Names the thing among those of all actors: actor, group and the finding's own key. */
  readonly key: string;
  readonly group: string;
  /** Channels that the group has. */
  readonly groupChannels: number;
  /** Ordered by contribution, without the channels of this program's own health. */
  readonly channels: readonly string[];
  readonly title: string;
  /** The announcement's event. */
  readonly eventId: string;
  /** Usual time between rows of the group, µs; 0: not known. */
  readonly everyUs: number;
  /** How long a thing of this group must last to become an incident, µs. */
  readonly persistenceUs: number;
}

/** A person has done something about the incident of this number. */
interface AboutIncident extends Signal {
  readonly number: number;
  readonly by: string;
}

export type CareSignal =
  | (AboutIncident & { readonly type: "acknowledged"; readonly note: string })
  /** `to`: "" for nobody. */
  | (AboutIncident & { readonly type: "assigned"; readonly to: string })
  /** Until `timeUs` or before: not snoozed. */
  | (AboutIncident & { readonly type: "snoozed"; readonly untilUs: number });

export type IncidentsSignal =
  | Found
  | CareSignal
  /** Actors were replaced: what they had found is no longer followed. `group`: "" for those of all groups. */
  | (Signal & { readonly type: "forgotten"; readonly group: string; readonly actor: string })
  /** A group and what its actors depend on. `learningUs`: time in which findings in it are no alarms. */
  | (Signal & {
      readonly type: "declared";
      readonly group: string;
      readonly traits: string;
      readonly learningUs: number;
    })
  /** The budget was changed. */
  | (Signal & { readonly type: "allowed"; readonly perDay: number })
  /** All that was found at the last instant is known. */
  | (Signal & { readonly type: "complete" })
  /** Something of an incident is due. */
  | (Signal & { readonly type: "timer.due" })
  | (Signal & { readonly type: "timer.learnt" });

/** Names have no line breaks. */
const SEPARATOR = "\n";

/** Names a finding among those of all actors. */
export function keyOf(group: string, actor: string, key: string): string {
  return [group, actor, key].join(SEPARATOR);
}

/** Whether a finding is of this group and actor; "" stands for any. */
export function isOf(key: string, group: string, actor: string): boolean {
  const [ofGroup, ofActor] = key.split(SEPARATOR);
  return (group === "" || group === ofGroup) && (actor === "" || actor === ofActor);
}
