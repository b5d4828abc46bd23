/**
 * Notices of a session in a cluster: the owner of a partition sends what that announces. How far each channel has come is kept in the servers.
 *
 *   partition comes ─► marks read ─► Notifier (notify/notifier.ts) ──released──► closed ─► the next owner goes on from the marks
 *
 * An owner that is succeeded while it sends, or without noticing it, may send a notice that its successor sends as well, under the same key.
 */
import type { OwnershipChange } from "../../actors/cluster/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { escapeName } from "../../protocol/subjects.ts";
import { channelsOf, checkChannels, type NotifyConfig } from "../notify/config.ts";
import { type Marks, storedMarks } from "../notify/marks.ts";
import { Notifier } from "../notify/notifier.ts";

/** Before marks that could not be read are read again. */
const AGAIN_MS = 1_000;

export interface NodeNoticesOptions {
  readonly bus: Pick<Bus, "snapshots">;
  readonly clock: Clock;
  readonly session: string;
  readonly notify: NotifyConfig;
  log(message: string): void;
}

export class NodeNotices {
  private readonly options: NodeNoticesOptions;
  /** Of partitions that this node owns. */
  private readonly leaving = new Map<string, AbortController>();
  /** Resolve when what was begun for the partition has ended. */
  private readonly ended = new Map<string, Promise<void>>();

  /** Throws an EigenwatchError for a secret that is not there, and for browsers: the gateways of a cluster do not share who has subscribed. */
  constructor(options: NodeNoticesOptions) {
    const { notify, clock } = options;
    this.options = options;
    if (notify.push !== undefined)
      throw new EigenwatchError({
        action: "send notices from a cluster",
        value: "notify.push",
        expected: "webhooks and emails",
      });
    checkChannels(notify, clock);
  }

  ownershipChanged({ partition, owned }: Pick<OwnershipChange, "partition" | "owned">): void {
    if (partition === ROOM_PARTITION) return;
    this.leaving.get(partition)?.abort();
    this.leaving.delete(partition);
    if (owned === null) return;
    const leaving = new AbortController();
    this.leaving.set(partition, leaving);
    const before = this.ended.get(partition) ?? Promise.resolve();
    this.ended.set(
      partition,
      before
        .then(() => this.serve(owned, leaving.signal))
        .catch((error: unknown) => this.options.log(`of ${partition} nobody is told: ${errorText(error)}`)),
    );
  }

  /** Sends nothing more. */
  async close(): Promise<void> {
    for (const leaving of this.leaving.values()) leaving.abort();
    await Promise.all(this.ended.values());
  }

  private async serve(session: LiveSession, signal: AbortSignal): Promise<void> {
    const { notify, clock, log } = this.options;
    const marks = await this.marksOf(session.partition, signal);
    if (marks === null) return;
    const channels = channelsOf(notify, clock);
    const { kinds } = notify;
    const notifier = new Notifier({ session, channels, kinds, marks, clock, random: Math.random, log });
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await notifier.close();
  }

  /** Null when the partition was released before they could be read, or they are none. */
  private async marksOf(partition: string, signal: AbortSignal): Promise<Marks | null> {
    const { bus, clock, session, log } = this.options;
    const store = bus.snapshots(`${escapeName(session)}-notified`);
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        return await storedMarks({ store, name: partition, clock, signal });
      } catch (error) {
        const isFinal = error instanceof EigenwatchError && error.kind === "input";
        if (isFirst || isFinal) log(errorText(error));
        if (isFinal) return null;
        await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      }
    }
    return null;
  }
}
