/**
 * Messages of a stream, pushed in order and without gaps, for as long as somebody wants them: an ephemeral consumer that is made again, from
 * where the delivery stands, whenever something is missing.
 *
 *   starting ─consumer made─► running ─┬─ message: the next number ─► taken
 *      ▲                               ├─ number left out, heartbeat that counts more than came ─┐
 *      │                               ├─ silence, connection back ─────────────────────────────┤
 *      └───────── retried ─────────────┴─────────────────────────────────────────────────────────┘
 *
 * The servers number what they push to a consumer, so that a lost message is noticed at the next one or at the next heartbeat.
 */
import type * as Nats from "nats";
import * as v from "valibot";
import { bytesOf, type NatsLink, NS_PER_MS } from "./nats-connection.ts";
import type { NatsStore } from "./nats-store.ts";

/** A consumer that has nothing to push says so this often: silence is noticed after three of them. */
const HEARTBEAT_MS = 500;
const SILENCE_MS = 3 * HEARTBEAT_MS;

/** Before a consumer that could not be made is tried again. */
const RETRY_MS = 250;

/** Status of a message that carries no data: a heartbeat, or a question whether more may be sent. */
const CONTROL_STATUS = 100;

export interface Delivered {
  readonly sequence: number;
  /** When the servers stored it. */
  readonly storedUs: number;
  readonly message: Nats.Msg;
  /** Its data. */
  readonly bytes: Uint8Array;
}

export interface DeliveryOptions {
  readonly link: NatsLink;
  readonly store: NatsStore;
  /** Only messages of this subject, if given. */
  readonly subject?: string;
  /** Where to start, asked at each start. */
  from(): Promise<StartingPoint> | StartingPoint;
  take(delivered: Delivered): void;
  /** Resolves when more may come; default: at once. The servers wait for it after some megabytes. */
  ready?(): Promise<void>;
}

export type StartingPoint =
  | { readonly deliver_policy: "by_start_sequence"; readonly opt_start_seq: number }
  /** The last message of each subject, then all that follow. */
  | { readonly deliver_policy: "last_per_subject" };

const consumerInfo = v.looseObject({ name: v.string() });

export class NatsDelivery {
  readonly #options: DeliveryOptions;
  #ended = false;
  /** Of the start that counts: what earlier ones still bring is ignored. */
  #start = 0;
  /** Messages that the consumer has pushed. */
  #pushed = 0;
  #heardMs = 0;
  #consumer: string | null = null;
  #unsubscribe: () => void = () => {};
  #cancelRetry: () => void = () => {};
  #cancelWatch: () => void = () => {};
  readonly #forgetConnection: () => void;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    // A server that restarted has lost the consumer.
    const forget = options.link.onConnection((connected) => connected && this.#restart());
    const forgetClose = options.link.onClose(() => this.end());
    this.#forgetConnection = () => {
      forget();
      forgetClose();
    };
    this.#restart();
    this.#watch();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forgetConnection();
    this.#cancelRetry();
    this.#cancelWatch();
    this.#drop();
  }

  #restart(): void {
    if (this.#ended) return;
    this.#cancelRetry();
    this.#drop();
    const start = ++this.#start;
    this.#heardMs = this.#nowMs();
    this.#open(start).catch(() => {
      if (start !== this.#start || this.#ended) return;
      this.#cancelRetry = this.#options.link.options.clock.after(RETRY_MS, () => this.#restart());
    });
  }

  async #open(start: number): Promise<void> {
    const { link, store, subject, from } = this.#options;
    const place = await from();
    if (start !== this.#start || this.#ended) return;
    this.#pushed = 0;
    const inbox = link.nats.createInbox();
    this.#unsubscribe = link.subscribe(inbox, (message) => start === this.#start && this.#receive(message));
    const config = {
      ...place,
      deliver_subject: inbox,
      ack_policy: "none",
      max_deliver: 1,
      replay_policy: "instant",
      flow_control: true,
      idle_heartbeat: HEARTBEAT_MS * NS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
      ...(subject === undefined ? {} : { filter_subject: subject }),
    };
    const { name } = await store.use(() =>
      link.api(`CONSUMER.CREATE.${store.name}`, { stream_name: store.name, config }, consumerInfo),
    );
    if (start === this.#start && !this.#ended) {
      this.#consumer = name;
      this.#heardMs = this.#nowMs();
    } else this.#forget(name);
  }

  #receive(message: Nats.Msg): void {
    this.#heardMs = this.#nowMs();
    if (message.data.length === 0 && message.headers?.code === CONTROL_STATUS) {
      this.#control(message, message.headers);
      return;
    }
    const { sequence, pushed, storedUs } = placeOf(message.reply);
    if (pushed !== this.#pushed + 1) {
      this.#restart();
      return;
    }
    this.#pushed = pushed;
    this.#options.take({ sequence, storedUs, message, bytes: bytesOf(message) });
  }

  #control(message: Nats.Msg, headers: Nats.MsgHdrs): void {
    const { link, ready } = this.#options;
    const go = (subject: string) => {
      if (ready === undefined) link.publish(subject, new Uint8Array());
      else void ready().then(() => this.#ended || link.publish(subject, new Uint8Array()));
    };
    // A question whether more may be sent: the message itself, or, where it was lost, its subject in a heartbeat.
    const stalled = headers.get("Nats-Consumer-Stalled");
    if (message.reply) go(message.reply);
    else if (stalled !== "") go(stalled);
    const last = headers.get("Nats-Last-Consumer");
    if (last !== "" && Number(last) !== this.#pushed) this.#restart();
  }

  #watch(): void {
    const { link } = this.#options;
    this.#cancelWatch = link.options.clock.after(HEARTBEAT_MS, () => {
      if (link.connected && this.#consumer !== null && this.#nowMs() - this.#heardMs > SILENCE_MS)
        this.#restart();
      this.#watch();
    });
  }

  #drop(): void {
    this.#unsubscribe();
    this.#unsubscribe = () => {};
    if (this.#consumer !== null) this.#forget(this.#consumer);
    this.#consumer = null;
  }

  /** The servers forget a consumer without a listener by themselves, a little later. */
  #forget(consumer: string): void {
    const { link, store } = this.#options;
    link.publish(`$JS.API.CONSUMER.DELETE.${store.name}.${consumer}`, new Uint8Array());
  }

  #nowMs(): number {
    return this.#options.link.options.clock.monotonicMs();
  }
}

/** Of the times of NATS. */
const NS_PER_US = 1_000;

/** Counted from the end: `$JS.ACK.…<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>`. */
const OLD_FORM_PARTS = 9;
const NEW_FORM_PARTS = 12;

/** The places of a pushed message in the stream and in its consumer, and when it was stored. */
function placeOf(reply = ""): { sequence: number; pushed: number; storedUs: number } {
  const parts = reply.split(".");
  // Newer servers may name domain and account before the stream, and put a random part at the end.
  const at = parts.length >= NEW_FORM_PARTS - 1 ? 7 : 5;
  if (parts.length < OLD_FORM_PARTS) return { sequence: 0, pushed: 0, storedUs: 0 };
  const storedUs = Math.floor(Number(parts[at + 2]) / NS_PER_US);
  return { sequence: Number(parts[at]), pushed: Number(parts[at + 1]), storedUs };
}
