/**
 * The subscriptions of one client.
 *
 * Only `decimated` messages carry the id of their subscription. Of all other messages a client would get two copies if two subscriptions covered
 * the same group, so such a request is refused.
 */
import { encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Message, MetricsMessage, Refused, StateMessage, Subscribe } from "../../protocol/messages.ts";
import { refusedMessage } from "./client-messages.ts";
import { DecimatedSamples } from "./decimated-samples.ts";
import { EventFollower } from "./event-follower.ts";
import type { GatewayLimits } from "./limits.ts";
import { resumeEvents, resumeSamples } from "./resume.ts";
import { SampleFollower, type SampleSink } from "./sample-follower.ts";
import type { SessionHub } from "./session-hub.ts";

/** The client, as its subscriptions send to it. */
export interface ClientPort {
  send(message: Message): void;
  sendState(group: string, bytes: Uint8Array, live: boolean): void;
  sendMetrics(bytes: Uint8Array, live: boolean): void;
  sendSamples(bytes: Uint8Array, backfill: boolean): boolean;
  /** Whether this client's budget allows more decimation; where it does not, a back-fill is resumed when it does. */
  mayDecimate(backfill: boolean): boolean;
  /** Charges work to the budget. */
  decimated(units: number): void;
  /** A live frame was left out for this client. */
  leaveOutSamples(): void;
  sendEvent(bytes: Uint8Array, backfill: boolean): boolean;
  cut(reason: "internal", detail: string): void;
}

interface ActiveSubscription {
  readonly request: Subscribe;
  /** The client can take more of a back-fill. */
  readonly resume: () => void;
  readonly leave: () => void;
  /** Logical time of the last message sent, by group ("" for metrics). */
  readonly sentUs: Map<string, number>;
}

export class Subscriptions {
  readonly #hub: SessionHub;
  readonly #limits: GatewayLimits;
  readonly #client: ClientPort;
  readonly #byId = new Map<number, ActiveSubscription>();

  constructor(hub: SessionHub, limits: GatewayLimits, client: ClientPort) {
    this.#hub = hub;
    this.#limits = limits;
    this.#client = client;
  }

  /** Begins a subscription, or replaces the one with the same id. Returns the answer to a request it refuses. */
  subscribe(request: Subscribe): Refused | null {
    const refused = this.#check(request);
    if (refused !== null) return refused;
    try {
      const begin = this.#prepare(request);
      this.#byId.get(request.id)?.leave();
      this.#byId.set(request.id, begin());
      return null;
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      // Temporary. A client does not repeat a refused request, but it reconnects after a cut.
      if (error.kind === "unavailable") {
        this.#client.cut("internal", error.message);
        return null;
      }
      return refusedMessage("subscribe", error.action, error.value, error.expected, request.id);
    }
  }

  unsubscribe(id: number): Refused | null {
    const subscription = this.#byId.get(id);
    if (subscription === undefined) {
      const expected = `an id that is subscribed: ${[...this.#byId.keys()].join(", ") || "there is none"}`;
      return refusedMessage("unsubscribe", "unsubscribe", `id ${id}`, expected, id);
    }
    this.#byId.delete(id);
    subscription.leave();
    return null;
  }

  /** Whether to send this state now. A true answer counts as sent. */
  takesState(state: StateMessage): boolean {
    return this.#takes("state", state.group, state.group, state.timeUs);
  }

  takesMetrics(metrics: MetricsMessage): boolean {
    return this.#takes("metrics", undefined, "", metrics.timeUs);
  }

  resume(): void {
    for (const { resume } of this.#byId.values()) resume();
  }

  clear(): void {
    for (const { leave } of this.#byId.values()) leave();
    this.#byId.clear();
  }

  #check(request: Subscribe): Refused | null {
    const { id, channel, group } = request;
    const { subscriptionsMax } = this.#limits;
    const refuse = (value: string, expected: string): Refused =>
      refusedMessage("subscribe", `subscribe to ${channel}`, value, expected, id);
    if (!this.#byId.has(id) && this.#byId.size >= subscriptionsMax)
      return refuse(`${this.#byId.size} subscriptions`, `at most ${subscriptionsMax} (subscriptionsMax)`);
    for (const [other, { request: active }] of this.#byId)
      if (other !== id && overlap(active, request))
        return refuse(`id ${other} brings the same already`, `another group, or id ${other} to replace it`);
    const { decimationUsMin } = this.#limits;
    if (isDecimated(request) && request.decimationUs! < decimationUsMin)
      return refuse(
        `decimationUs ${request.decimationUs}`,
        `0 for every sample, or at least ${decimationUsMin} (decimationUsMin)`,
      );
    if (
      request.channels !== undefined &&
      (channel !== "samples" || !isDecimated(request) || group === undefined)
    )
      return refuse("channels", "channels only for samples of one group with decimationUs");
    return null;
  }

  /** Everything that can throw happens here; the returned function begins the subscription and cannot fail. */
  #prepare(request: Subscribe): () => ActiveSubscription {
    switch (request.channel) {
      case "samples":
        return this.#prepareSamples(request);
      case "events":
        return this.#prepareEvents(request);
      case "state":
        return () => this.#beginState(request);
      case "metrics":
        return () => this.#beginMetrics(request);
    }
  }

  #prepareSamples(request: Subscribe): () => ActiveSubscription {
    const { session, clock } = this.#hub;
    const included = isDecimated(request) ? this.#includedChannels(request) : null;
    const { after, complete } = resumeSamples(this.#hub, request.after ?? null);
    return () => {
      const { id, group = null, decimationUs: everyUs = 0 } = request;
      const decimated = isDecimated(request)
        ? new DecimatedSamples({ id, everyUs, included }, this.#hub.decimations, after)
        : null;
      const selection = { group, decimated, after };
      const client = this.#client;
      const sink: SampleSink = {
        samples: (bytes, backfill) => client.sendSamples(bytes, backfill),
        mayWork: (backfill) => client.mayDecimate(backfill),
        worked: (units) => client.decimated(units),
        leftOut: () => client.leaveOutSamples(),
      };
      const follower = new SampleFollower(session, selection, this.#limits.backfillFrames, sink, (act) =>
        clock.soon(act),
      );
      return this.#begin(request, after, complete, follower, this.#hub.followSamples(follower));
    };
  }

  #prepareEvents(request: Subscribe): () => ActiveSubscription {
    const { session } = this.#hub;
    const { after, reset } = resumeEvents(this.#hub, request.after ?? null);
    return () => {
      const follower = new EventFollower(session, after, this.#limits.eventsPage, {
        event: (event, backfill) => {
          const isOther = request.group !== undefined && request.group !== event.event.group;
          return isOther || this.#client.sendEvent(event.bytes, backfill);
        },
        failed: (error) =>
          this.#client.cut(
            "internal",
            `events cannot be read: ${error instanceof Error ? error.message : "unknown"}`,
          ),
      });
      return this.#begin(request, after, !reset, follower, this.#hub.followEvents(follower));
    };
  }

  #begin(
    request: Subscribe,
    after: number,
    complete: boolean,
    follower: SampleFollower | EventFollower,
    leaveHub: () => void,
  ): ActiveSubscription {
    this.#client.send({ type: "subscribed", id: request.id, channel: request.channel, after, complete });
    follower.start();
    const leave = (): void => {
      follower.stop();
      leaveHub();
    };
    return { request, resume: () => follower.resume(), leave, sentUs: new Map() };
  }

  #beginState(request: Subscribe): ActiveSubscription {
    const sentUs = new Map<string, number>();
    const after = this.#hub.session.describe().lastInputSequence;
    this.#client.send({ type: "subscribed", id: request.id, channel: "state", after, complete: true });
    for (const state of this.#hub.session.lastStates()) {
      if (request.group !== undefined && request.group !== state.group) continue;
      sentUs.set(state.group, state.timeUs);
      this.#client.sendState(state.group, encodeMessage(state), false);
    }
    return { request, resume: nothing, leave: nothing, sentUs };
  }

  #beginMetrics(request: Subscribe): ActiveSubscription {
    const sentUs = new Map<string, number>();
    const after = this.#hub.session.describe().lastInputSequence;
    this.#client.send({ type: "subscribed", id: request.id, channel: "metrics", after, complete: true });
    const { lastMetrics } = this.#hub;
    if (lastMetrics !== null) {
      sentUs.set("", lastMetrics.timeUs);
      this.#client.sendMetrics(encodeMessage(lastMetrics), false);
    }
    return { request, resume: nothing, leave: nothing, sentUs };
  }

  /** Throws when a channel does not exist. */
  #includedChannels({ group, channels }: Subscribe): Uint8Array | null {
    return channels === undefined ? null : channelMask(this.#hub, group ?? "", channels);
  }

  #takes(channel: "state" | "metrics", group: string | undefined, key: string, timeUs: number): boolean {
    for (const { request, sentUs } of this.#byId.values()) {
      if (
        request.channel !== channel ||
        (request.group !== undefined && group !== undefined && request.group !== group)
      )
        continue;
      const sent = sentUs.get(key);
      const everyUs = request.decimationUs ?? 0;
      // An earlier time comes from another recording, or from before a seek.
      if (sent !== undefined && timeUs >= sent && timeUs - sent < everyUs) return false;
      sentUs.set(key, timeUs);
      return true;
    }
    return false;
  }
}

function isDecimated({ channel, decimationUs }: Subscribe): boolean {
  return channel === "samples" && (decimationUs ?? 0) > 0;
}

/** Whether both would bring the same message. Metrics belong to no group. */
function overlap(active: Subscribe, requested: Subscribe): boolean {
  if (active.channel !== requested.channel || isDecimated(active) || isDecimated(requested)) return false;
  if (active.channel === "metrics") return true;
  return active.group === undefined || requested.group === undefined || active.group === requested.group;
}

function channelMask(hub: SessionHub, group: string, names: readonly string[]): Uint8Array {
  const declared = hub.session.groups().find((one) => one.group === group);
  if (declared === undefined)
    throw notDeclared(`group ${group}`, "a declared group, when channels are named");
  const mask = new Uint8Array(declared.channels.length);
  for (const name of names) {
    const index = declared.channels.findIndex((channel) => channel.name === name);
    if (index < 0) throw notDeclared(`channel ${name}`, `a channel of group ${group}`);
    mask[index] = 1;
  }
  return mask;
}

function notDeclared(value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "subscribe to samples", value, expected, kind: "notFound" });
}

function nothing(): void {}
