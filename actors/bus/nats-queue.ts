/**
 * A queue of jobs in a stream of JetStream whose entries leave when they are done, with one consumer for all takers.
 *
 *   put ─► publish with id ─► stream (workqueue) ─► consumer "workers" ─pull─► a taker ─┬─ +ACK ─► gone
 *                                                         ▲                              ├─ +WPI: still working
 *                                                         └── no word for QUEUE_SILENT_MS ┘
 */
import type * as Nats from "nats";
import * as v from "valibot";
import { NoAnswer } from "../ports/bus.ts";
import { QUEUE_SILENT_MS, type QueuedJob, type WorkQueue } from "../ports/work-queue.ts";
import { bytesOf, type NatsLink, NatsRefused, NS_PER_MS } from "./nats-connection.ts";
import { natsName } from "./nats-names.ts";
import { NatsStore } from "./nats-store.ts";

/** Of all takers: each entry goes to one of them. */
const CONSUMER = "workers";
/** Jobs that nobody does are of no use an hour later: whoever put them is gone, or puts them again. */
const JOB_MAX_AGE_MS = 3_600_000;
/** Bytes of jobs that wait: many times what all scans of a gateway put at the same time. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** For how long an id is known again. */
const DEDUPE_MS = 60_000;
/** A server answers a little later than a wait that it was asked for ends. */
const GRACE_MS = 1_000;
const CONSUMER_NOT_FOUND = 10014;
/** Status of an answer without a job: there is none, or none came in time. */
const NONE_CAME: readonly number[] = [404, 408];

const anything = v.looseObject({});

export class NatsQueue implements WorkQueue {
  readonly #link: NatsLink;
  readonly #subject: string;
  readonly #store: NatsStore;
  #consumer: Promise<void> | null = null;

  /** `name` is also the subject of its jobs. */
  constructor(link: NatsLink, name: string) {
    this.#link = link;
    this.#subject = name;
    this.#store = new NatsStore(link, {
      name: natsName(name),
      subjects: [name],
      storage: "file",
      retention: "workqueue",
      discard: "new",
      max_bytes: QUEUE_BYTES_MAX,
      max_age: JOB_MAX_AGE_MS * NS_PER_MS,
      duplicate_window: DEDUPE_MS * NS_PER_MS,
    });
  }

  async put(id: string, bytes: Uint8Array): Promise<void> {
    const headers = this.#link.nats.headers();
    headers.set("Nats-Msg-Id", encodeURIComponent(id));
    const copy = new Uint8Array(bytes);
    await this.#store.use(() =>
      this.#link.store(`put ${id} to ${this.#subject}`, this.#subject, copy, headers),
    );
  }

  async take(waitMs: number): Promise<QueuedJob | null> {
    await this.#ready();
    const message = await this.#pulled(waitMs);
    const status = message?.headers?.code ?? 0;
    if (message !== null && status === 0 && message.reply) return this.#job(message.reply, bytesOf(message));
    // No word at all, or another one than that none came in time: the consumer may be gone.
    if (!NONE_CAME.includes(status)) this.#consumer = null;
    return null;
  }

  /** A job comes under the subject that it was put under, so that it has an inbox of its own. Null: no word in time. */
  #pulled(waitMs: number): Promise<Nats.Msg | null> {
    const { nats, connection, options } = this.#link;
    if (!this.#link.connected) return Promise.reject(new NoAnswer("Cannot take a job: the servers are away"));
    return new Promise((resolve) => {
      const inbox = nats.createInbox();
      const settle = (message: Nats.Msg | null): void => {
        cancel();
        end();
        resolve(message);
      };
      const cancel = options.clock.after(waitMs + GRACE_MS, () => settle(null));
      const end = this.#link.subscribe(inbox, settle);
      const ask = JSON.stringify({ batch: 1, expires: waitMs * NS_PER_MS });
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#store.name}.${CONSUMER}`;
      connection.publish(subject, new TextEncoder().encode(ask), { reply: inbox });
    });
  }

  #job(reply: string, bytes: Uint8Array): QueuedJob {
    const say = (word: string): void => this.#link.publish(reply, new TextEncoder().encode(word));
    return {
      bytes,
      attempt: attemptIn(reply),
      done: () => say("+ACK"),
      working: () => say("+WPI"),
      giveBack: () => say(`-NAK ${JSON.stringify({ delay: QUEUE_SILENT_MS * NS_PER_MS })}`),
    };
  }

  /** Resolves when stream and consumer are there. */
  #ready(): Promise<void> {
    this.#consumer ??= this.#make().catch((error: unknown) => {
      this.#consumer = null;
      throw error;
    });
    return this.#consumer;
  }

  async #make(): Promise<void> {
    const { name } = this.#store;
    await this.#store.use(async () => {
      try {
        await this.#link.api(`CONSUMER.INFO.${name}.${CONSUMER}`, null, anything);
        return;
      } catch (error) {
        if (!(error instanceof NatsRefused) || error.code !== CONSUMER_NOT_FOUND) throw error;
      }
      const config = {
        durable_name: CONSUMER,
        ack_policy: "explicit",
        ack_wait: QUEUE_SILENT_MS * NS_PER_MS,
        max_ack_pending: 10_000,
        deliver_policy: "all",
        replay_policy: "instant",
      };
      await this.#link.api(
        `CONSUMER.DURABLE.CREATE.${name}.${CONSUMER}`,
        { stream_name: name, config },
        anything,
      );
    });
  }
}

/** `$JS.ACK.…<stream>.<consumer>.<delivered>.…`: counted from the front, where newer servers name domain and account first. */
function attemptIn(reply: string): number {
  const parts = reply.split(".");
  return Number(parts[parts.length >= 11 ? 6 : 4] ?? 1);
}
