/** Bugs of the gateway's sessions and of the client. */
import type { Mutant } from "./mutant.ts";

const FOLLOWER = "collab/gateway/event-follower.ts";
const RESUME = "collab/gateway/resume.ts";
const SOCKET = "collab/gateway/socket-client.ts";
const CLIENT = "collab/client.ts";

export const GATEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: "resume-off-by-one",
    bug: "A client that resumes misses the first event after its cursor.",
    file: RESUME,
    find: "if (after <= last) return { after, reset: false };",
    replace: "if (after <= last) return { after: Math.min(last, after + 1), reset: false };",
  },
  {
    name: "resume-from-now",
    bug: "A client that resumes gets only new events.",
    file: RESUME,
    find: "if (after <= last) return { after, reset: false };",
    replace: "if (after <= last) return { after: last, reset: false };",
  },
  {
    name: "foreign-cursor-kept",
    bug: "A client with the cursor of another recording waits for events that never come.",
    file: "collab/event-cursor.ts",
    find: "if (this.#sequence === null || another) this.#sequence = after;",
    replace: "if (this.#sequence === null) this.#sequence = after;",
  },
  {
    name: "page-off-by-one",
    bug: "Each page of a back-fill leaves out its first event.",
    file: FOLLOWER,
    find: "await this.#session.events(this.#cursor, this.#page);",
    replace: "await this.#session.events(this.#cursor + 1, this.#page);",
  },
  {
    name: "follower-repeats-when-full",
    bug: "The event that fills a client's buffer is sent again when the buffer drains.",
    file: FOLLOWER,
    find: "this.#cursor = event.sequence;\n      if (!this.#sink.event(new EncodedEvent(event), true)) return false;",
    replace:
      "if (!this.#sink.event(new EncodedEvent(event), true)) return false;\n      this.#cursor = event.sequence;",
  },
  {
    name: "follower-live-while-reading",
    bug: "During a back-fill, new events overtake old ones.",
    file: FOLLOWER,
    find: 'if (this.#state !== "live" || sequence <= this.#cursor) return;\n    if (sequence > this.#cursor + 1) {',
    replace: 'if (this.#state === "stopped" || sequence <= this.#cursor) return;\n    if (sequence < 0) {',
  },
  {
    name: "events-dropped-while-lagging",
    bug: "A lagging client loses events, not only samples.",
    file: SOCKET,
    find: 'this.#write("events", bytes, !backfill, backfill);',
    replace: 'if (!this.#backlog.lagging) this.#write("events", bytes, !backfill, backfill);',
  },
  {
    name: "turn-never-sent",
    bug: "Messages that are gathered for one write are never sent.",
    file: "collab/gateway/client-line.ts",
    find: "this.#socket.write(this.#turnFrames.join(messages));",
    replace: "this.#turnFrames.join(messages);",
  },
  {
    name: "client-forgets-cursor",
    bug: "After a disconnect the client asks again from its first cursor.",
    file: CLIENT,
    find: 'const cursor =\n      subscription.channel === "events" ? (this.eventCursor.sequence ?? held.cursor) : held.cursor;',
    replace: "const cursor = held.cursor;",
  },
  {
    name: "client-gives-up",
    bug: "A client that is cut for a while does not reconnect.",
    file: CLIENT,
    find: "if (closing !== null && closing.retryAfterMs === undefined) {",
    replace: "if (closing !== null) {",
  },
  {
    name: "client-tries-once",
    bug: "A client whose connection breaks never reconnects.",
    file: CLIENT,
    find: 'if (this.#state.state === "waiting") this.#after(waitMs, () => this.#connect());',
    replace: "",
  },
  {
    name: "client-forgets-subscriptions",
    bug: "After a reconnect a client has no subscriptions.",
    file: CLIENT,
    find: "for (const id of this.#subscriptions.keys()) this.#sendSubscribe(id);",
    replace:
      "if (this.eventCursor.sequence === null) for (const id of this.#subscriptions.keys()) this.#sendSubscribe(id);",
  },
];
