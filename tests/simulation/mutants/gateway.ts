/** Bugs between the gate and the people: the gateway's session side and the client. */
import type { Mutant } from "./mutant.ts";

const FOLLOWER = "collab/gateway/event-follower.ts";
const RESUME = "collab/gateway/resume.ts";
const SOCKET = "collab/gateway/socket-client.ts";
const CLIENT = "collab/client.ts";

export const GATEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: "resume-off-by-one",
    bug: "A client that resumes misses the first event behind its cursor.",
    file: RESUME,
    find: "if (after <= last) return { after, reset: false };",
    replace: "if (after <= last) return { after: Math.min(last, after + 1), reset: false };",
  },
  {
    name: "resume-from-now",
    bug: "A client that resumes gets only what comes.",
    file: RESUME,
    find: "if (after <= last) return { after, reset: false };",
    replace: "if (after <= last) return { after: last, reset: false };",
  },
  {
    name: "foreign-cursor-kept",
    bug: "A client with the cursor of another recording waits for numbers that never come.",
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
    bug: "The event that fills a client's buffer is sent again when there is room.",
    file: FOLLOWER,
    find: "this.#cursor = event.sequence;\n      if (!this.#sink.event(new EncodedEvent(event), true)) return false;",
    replace:
      "if (!this.#sink.event(new EncodedEvent(event), true)) return false;\n      this.#cursor = event.sequence;",
  },
  {
    name: "follower-live-while-reading",
    bug: "While a client is brought up to date, new events overtake old ones.",
    file: FOLLOWER,
    find: 'if (this.#state !== "live" || sequence <= this.#cursor) return;\n    if (sequence > this.#cursor + 1) {',
    replace: 'if (this.#state === "stopped" || sequence <= this.#cursor) return;\n    if (sequence < 0) {',
  },
  {
    name: "events-dropped-while-lagging",
    bug: "A client that lags loses events as it loses samples.",
    file: SOCKET,
    find: 'this.#write("events", bytes, !backfill, backfill);',
    replace: 'if (!this.#lags()) this.#write("events", bytes, !backfill, backfill);',
  },
  {
    name: "corked-for-ever",
    bug: "What is held back for one write never leaves.",
    file: SOCKET,
    find: "this.#corked = false;\n    this.#socket.uncork();",
    replace: "this.#corked = false;",
  },
  {
    name: "client-forgets-cursor",
    bug: "After a break the client asks from where it first began.",
    file: CLIENT,
    find: 'const cursor = wish.channel === "events" ? (this.eventCursor.sequence ?? held.cursor) : held.cursor;',
    replace: "const cursor = held.cursor;",
  },
  {
    name: "client-gives-up",
    bug: "A client that was sent away for a while does not come back.",
    file: CLIENT,
    find: "if (closing !== null && closing.retryAfterMs === undefined) {",
    replace: "if (closing !== null) {",
  },
  {
    name: "client-tries-once",
    bug: "A client whose connection broke waits, and does not try again.",
    file: CLIENT,
    find: 'if (this.#state.state === "waiting") this.#after(waitMs, () => this.#connect());',
    replace: "",
  },
  {
    name: "client-forgets-wishes",
    bug: "After a break a client is connected and subscribed to nothing.",
    file: CLIENT,
    find: "for (const id of this.#wishes.keys()) this.#ask(id);",
    replace: "if (this.eventCursor.sequence === null) for (const id of this.#wishes.keys()) this.#ask(id);",
  },
];
