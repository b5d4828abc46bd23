/**
 * Thresholds and their alerts, as the session has them, and what the person does about them and about incidents.
 *
 *   event of an alert or threshold ─┐
 *   each second, while there are thresholds ─┴─► read ─► status ─► alerts that fire or are about to
 *
 * An alert that is about to fire has no event yet, and values have none: so they are read again while there are thresholds.
 */
import { computed, signal } from "@preact/signals";
import type { Threshold, ThresholdRequest } from "../../../protocol/alert-commands.ts";
import type { LoggedCommandName } from "../../../protocol/commands.ts";
import type { AlertStatus } from "../../../protocol/controls.ts";
import { isIncidentId } from "../../../protocol/incident-id.ts";
import type { Intent } from "../../../protocol/room-document.ts";
import type { Controls } from "./controls.ts";
import type { Model } from "./model.ts";
import type { Room } from "./room.ts";
import { SEVERITIES } from "./severities.ts";

const READ_EVERY_MS = 1_000;

/** A threshold, with the state of its alert where the session has it in force. */
export interface Level {
  readonly threshold: Threshold;
  readonly alert: AlertStatus | null;
}

export class Alerts {
  readonly all = signal<readonly AlertStatus[]>([]);
  /** Alerts that were held back by the budget and not told since. */
  readonly heldBack = signal(0);
  /** Firing ones first, then by severity, then the longest. */
  readonly active = computed(() =>
    this.all.value
      .filter(({ state }) => state === "firing" || state === "pending")
      .sort((a, b) => rank(a) - rank(b) || (a.sinceUs ?? 0) - (b.sinceUs ?? 0)),
  );
  /** Thresholds as people have set them last, which the session may not have in force yet, or for a recording as it had them. */
  readonly levels = computed<readonly Level[]>(() => {
    const inForce = new Map(this.all.value.map((alert) => [alert.threshold.id, alert]));
    if (!this.#room.isJoined.value)
      return this.all.value.map((alert) => ({ threshold: alert.threshold, alert }));
    return Object.entries(this.#room.entries("thresholds")).flatMap(([id, value]) => {
      const threshold = thresholdOf(id, value);
      return threshold === null ? [] : [{ threshold, alert: inForce.get(id) ?? null }];
    });
  });
  /** Why the last command failed, "" when it succeeded. */
  readonly failure = signal("");
  /** The threshold or incident that the last command was about. */
  readonly subject = signal("");
  readonly #controls: Controls;
  readonly #room: Room;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #ends: (() => void)[];
  /** Ids of the events about alerts in the list. */
  #seen: ReadonlySet<string> = new Set();
  #reading: Promise<void> | null = null;
  #again = false;

  constructor(model: Model, controls: Controls, room: Room) {
    this.#controls = controls;
    this.#room = room;
    this.#timer = setInterval(() => {
      if (this.all.peek().length > 0 && !document.hidden) void this.read();
    }, READ_EVERY_MS);
    this.#ends = [
      controls.supported.subscribe(() => void this.read()),
      model.rewinds.subscribe(() => void this.read()),
      model.events.subscribe((events) => {
        const seen = this.#seen;
        // By id: each partition counts its own events.
        const ours = events.filter(({ kind }) => /^(alert|threshold)\./.test(kind)).map(({ id }) => id);
        this.#seen = new Set(ours);
        if (ours.some((id) => !seen.has(id))) void this.read();
      }),
    ];
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const end of this.#ends) end();
  }

  /** Resolves when what is known is at least as new as this call. */
  read(): Promise<void> {
    if (!this.#controls.supported.peek().has("alerts")) return Promise.resolve();
    this.#again = true;
    this.#reading ??= this.#readOn();
    return this.#reading;
  }

  /** `id`: of a threshold, or of an incident. */
  acknowledge(id: string): Promise<boolean> {
    return this.#ask({ type: "alert.acknowledge", alert: id }, "alert.acknowledged", { id });
  }

  /** `to`: "" for nobody. */
  assign(id: string, to: string): Promise<boolean> {
    return this.#ask({ type: "alert.assign", alert: id, to }, "alert.assigned", { id, to });
  }

  /** Zero seconds end it. */
  snooze(id: string, seconds: number): Promise<boolean> {
    return this.#ask({ type: "alert.snooze", alert: id, seconds }, "alert.snoozed", { id, seconds });
  }

  async remove(id: string): Promise<boolean> {
    this.subject.value = id;
    if (!this.#isShared(id)) return this.#act("threshold.removed", { id });
    return this.#saying(this.#room.remove("thresholds", id));
  }

  async set(threshold: ThresholdRequest): Promise<boolean> {
    this.subject.value = threshold.id;
    if (!this.#room.isJoined.peek()) return this.#act("threshold.set", threshold);
    const { id, ...value } = threshold;
    return this.#saying(this.#room.set("thresholds", id, value));
  }

  #isShared(id: string): boolean {
    if (isIncidentId(id)) return this.#room.isJoined.peek();
    return this.#room.isJoined.peek() && Object.hasOwn(this.#room.entries("thresholds"), id);
  }

  /** Asks for what only the first may do: the room decides, or without one the session. */
  async #ask(
    intent: Intent,
    name: LoggedCommandName,
    body: { id: string; to?: string; seconds?: number },
  ): Promise<boolean> {
    this.subject.value = body.id;
    return this.#isShared(body.id) ? this.#saying(await this.#room.intend(intent)) : this.#act(name, body);
  }

  /** A change of the shared document reaches the session by itself, may be taken back, and waits where there is no connection. */
  #saying(isTaken: boolean): boolean {
    this.failure.value = isTaken ? "" : this.#room.failure.peek();
    return isTaken;
  }

  /** Whether the command succeeded. Else `failure` says why not. */
  async #act(name: LoggedCommandName, body: object): Promise<boolean> {
    try {
      await this.#controls.command(name, body);
      this.failure.value = "";
    } catch (error) {
      this.failure.value = (error as Error).message;
    }
    await this.read();
    return this.failure.peek() === "";
  }

  /** One request at a time; calls in the meantime share the next one. */
  async #readOn(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        const { alerts, heldBack } = await this.#controls.alerts();
        this.all.value = alerts;
        this.heldBack.value = heldBack;
      } catch {
        // The connection's own line reports a server that does not answer.
      }
    }
    this.#reading = null;
  }
}

/** A threshold of the shared document, with the defaults of the command; null for a level that is drawn only. */
function thresholdOf(id: string, value: unknown): Threshold | null {
  const { of, level, direction, ...rest } = value as Partial<Threshold>;
  if (of === undefined || level === undefined || direction === undefined) return null;
  return {
    ...{ clearLevel: level, dwellSeconds: 0, severity: "warning", title: "", ...rest },
    ...{ id, of, level, direction },
  };
}

function rank({ state, threshold }: AlertStatus): number {
  return (state === "firing" ? 0 : SEVERITIES.length) + SEVERITIES.indexOf(threshold.severity);
}

/** An id for a new threshold of a channel that no other has: "cpu.user-above", "cpu.user-above-2". */
export function freeId(
  { of, direction }: Pick<Threshold, "of" | "direction">,
  taken: readonly Pick<AlertStatus, "threshold">[],
): string {
  const what = "channel" in of ? of.channel : of.measure;
  // What ids may have (protocol/alert-commands.ts), with room for a number.
  const name = what.replace(/[^\w.:-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const stem = `${name.slice(0, 48) || "threshold"}-${direction}`;
  const ids = new Set(taken.map(({ threshold }) => threshold.id));
  let id = stem;
  for (let k = 2; ids.has(id); k++) id = `${stem}-${k}`;
  return id;
}
