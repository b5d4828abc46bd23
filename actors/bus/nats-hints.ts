/**
 * Hints in a key-value bucket of NATS, as its tools read them: the stream `KV_<bucket>`, a subject for each key.
 *
 *   put, remove ─► stream (one value a key, in memory, HINT_TTL_MS) ─► delivery ─► watchers
 *                                                                       └─ not heard again in time ─► ended
 *
 * Servers before 2.11 say nothing when a value ends by age, so that each watcher times what it hears. One that was busy, and did not hear, reads
 * its socket before it says that a value ended.
 */
import { HINT_TTL_MS, type Hints } from "../ports/bus.ts";
import { afterHearing, type Clock } from "../ports/clock.ts";
import { type NatsLink, NS_PER_MS } from "./nats-connection.ts";
import { type Delivered, NatsDelivery } from "./nats-delivery.ts";
import { keyOf, natsKey, natsName } from "./nats-names.ts";
import { NatsStore } from "./nats-store.ts";

/** Header of an entry that ends its key. */
const OPERATION = "KV-Operation";

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
    return this.#write(key, new Uint8Array(value), false);
  }

  remove(key: string): Promise<void> {
    return this.#write(key, new Uint8Array(), true);
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

  async #write(key: string, value: Uint8Array, ends: boolean): Promise<void> {
    const subject = this.#prefix + natsKey(key);
    const headers = this.#link.nats.headers();
    if (ends) headers.set(OPERATION, "DEL");
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
