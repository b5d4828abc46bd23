/** Joins a room with the partitions of its session: what people change reaches these, and what is in force there the document. */
import type { Partition } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { type CommandTarget, forwardCommands } from "./forwarder.ts";
import { type AlertsSource, showInForce } from "./in-force.ts";

export interface JoinRoomOptions {
  readonly room: Partition;
  readonly clock: Clock;
  /** The partitions, as they take commands, and as they say what is in force. */
  readonly targets: readonly CommandTarget[];
  readonly alerts: readonly AlertsSource[];
  /** Compares what is in force so often besides; default: only when something changed. */
  readonly everyMs?: number;
  log(message: string): void;
}

/** From now on. The returned function ends it. */
export function joinRoom({ room, clock, targets, alerts, everyMs, log }: JoinRoomOptions): () => void {
  let onHeard = (): void => {};
  const forwarders = targets.map((to) => forwardCommands(room, to, { clock, log, onHeard: () => onHeard() }));
  const heard = () => Math.min(...forwarders.map((each) => each.heard));
  const inForce = showInForce({ room, partitions: alerts, heard, log });
  onHeard = inForce.look;
  let cancel = (): void => {};
  const lookLater = (ms: number): void => {
    cancel = clock.after(ms, () => {
      inForce.look();
      lookLater(ms);
    });
  };
  if (everyMs !== undefined) lookLater(everyMs);
  return () => {
    cancel();
    inForce.stop();
    for (const each of forwarders) each.stop();
  };
}
