/**
 * Hints in a key-value bucket of NATS, as its tools read them: the stream `KV_<bucket>`, a subject for each key.
 *
 *   put, remove ─► stream (one value a key, in memory, HINT_TTL_MS) ─► delivery ─► watchers
 *                                                                       └─ not heard again in time ─► ended
 *   agree       ─► end of the stream, value of the key ─┬─ another lives ─► that one
 *                        ▲                              └─ none, or the same ─► put, expecting that end ─┬─ stored ─► ours
 *                        └────────────────────────────────────────────── somebody was first ─────────────┘
 *
 * Servers before 2.11 say nothing when a value ends by age, so that each watcher times what it hears. One that was busy, and did not hear, reads
 * its socket before it says that a value ended.
 */
import { Buffer } from "node:buffer";
import * as v from "valibot";
import { HINT_TTL_MS, type Hints } from "../ports/bus.ts";
import { afterHearing, type Clock } from "../ports/clock.ts";
import { type NatsLink, NatsRefused, NS_PER_MS } from "./nats-connection.ts";
import { type Delivered, NatsDelivery } from "./nats-delivery.ts";
import { keyOf, natsKey, natsName } from "./nats-names.ts";
import { NatsStore } from "./nats-store.ts";

/** Header of an entry that ends its key. */
const OPERATION = "KV-Operation";

/** Error numbers of the servers. */
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE_FOUND = 10037;

const streamEnd = v.looseObject({ state: v.looseObject({ last_seq: v.number() }) });

/** The last message of a key; without data where it ended. */
const lastMessage = v.looseObject({ message: v.looseObject({ data: v.optional(v.string(), "") }) });

type Change = (key: string, value: Uint8Array | null) => void;

export class NatsHints implements Hints {
  readonly #link: NatsLink;
  readonly #prefix: string;
  readonly #store: NatsStore;

  constructor(link: NatsLink, bucket: string) {
    const name = natsName(bucket);
    this.#link = link;
    this.#prefix = `$KV.${name}.`;
    this.#store = new NatsStore(link, {
      name: `KV_${name}`,
      subjects: [`${this.#prefix}>`],
      storage: "memory",
      max_msgs_per_subject: 1,
      max_age: HINT_TTL_MS * NS_PER_MS,
      duplicate_window: HINT_TTL_MS * NS_PER_MS,
      allow_rollup_hdrs: true,
      deny_delete: true,
    });
  }

  /** Resolves when the bucket is there. */
  ensure(): Promise<void> {
    return this.#store.ensure();
  }

  put(key: string, value: Uint8Array): Promise<void> {
    return this.#write(key, new Uint8Array(value), {});
  }

  async agree(key: string, value: Uint8Array): Promise<Uint8Array> {
    const ours = new Uint8Array(value);
    for (;;) {
      // In this order: what is written after the end was asked for makes the put fail. It expects the end of the stream, because servers of a
      // cluster were seen to let two writers pass that expected the end of one subject (docs/decisions/cluster.md).
      const last = await this.#lastSequence();
      const living = await this.#living(key);
      if (living !== null && Buffer.compare(living, ours) !== 0) return living;
      try {
        await this.#write(key, ours, { "Nats-Expected-Last-Sequence": String(last) });
        return ours;
      } catch (error) {
        if (!(error instanceof NatsRefused) || error.code !== WRONG_LAST_SEQUENCE) throw error;
      }
    }
  }

  remove(key: string): Promise<void> {
    return this.#write(key, new Uint8Array(), { [OPERATION]: "DEL" });
  }

  async #lastSequence(): Promise<number> {
    const { state } = await this.#store.use(() =>
      this.#link.api(`STREAM.INFO.${this.#store.name}`, null, streamEnd),
    );
    return state.last_seq;
  }

  /** The value of a key, or null. */
  async #living(key: string): Promise<Uint8Array | null> {
    const question = { last_by_subj: this.#prefix + natsKey(key) };
    try {
      const { message } = await this.#link.api(`STREAM.MSG.GET.${this.#store.name}`, question, lastMessage);
      return message.data === "" ? null : new Uint8Array(Buffer.from(message.data, "base64"));
    } catch (error) {
      if (error instanceof NatsRefused && error.code === NO_MESSAGE_FOUND) return null;
      throw error;
    }
  }

  watch(change: Change): () => void {
    const watcher = new HintWatcher(this.#link.options.clock, this.#prefix, change);
    const delivery = new NatsDelivery({
      link: this.#link,
      store: this.#store,
      from: () => ({ deliver_policy: "last_per_subject" }),
      subject: `${this.#prefix}>`,
      take: (delivered) => watcher.take(delivered),
    });
    const forget = this.#link.onClose(() => watcher.end());
    return () => {
      forget();
      delivery.end();
      watcher.end();
    };
  }

  async #write(key: string, value: Uint8Array, fields: Readonly<Record<string, string>>): Promise<void> {
    const subject = this.#prefix + natsKey(key);
    const headers = this.#link.nats.headers();
    for (const [field, text] of Object.entries(fields)) headers.set(field, text);
    await this.#store.use(() => this.#link.store(`write ${key}`, subject, value, headers));
  }
}

/** The part of a delivery that counts. */
interface Heard extends Pick<Delivered, "sequence" | "bytes"> {
  readonly message: Pick<Delivered["message"], "subject" | "headers">;
}

/** What one watcher has heard, with a timer for each key. */
export class HintWatcher {
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #change: Change;
  readonly #timers = new Map<string, () => void>();
  /** Sequence of the last entry of each key: a delivery that starts again brings it once more. */
  readonly #sequences = new Map<string, number>();

  constructor(clock: Clock, prefix: string, change: Change) {
    this.#clock = clock;
    this.#prefix = prefix;
    this.#change = change;
  }

  take({ sequence, message, bytes }: Heard): void {
    const key = keyOf(message.subject.slice(this.#prefix.length));
    if (this.#sequences.get(key) === sequence) return;
    this.#sequences.set(key, sequence);
    const known = this.#timers.get(key);
    known?.();
    if (message.headers?.has(OPERATION)) {
      this.#timers.delete(key);
      if (known !== undefined) this.#change(key, null);
      return;
    }
    this.#timers.set(
      key,
      afterHearing(this.#clock, HINT_TTL_MS, () => {
        this.#timers.delete(key);
        this.#change(key, null);
      }),
    );
    this.#change(key, bytes);
  }

  end(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
