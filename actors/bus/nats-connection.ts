/**
 * The connection to the servers of NATS: requests, messages, and whether they can be reached.
 *
 *   connect ─► checked (JetStream, payload) ─► connected ◄──► disconnected: tried again for ever
 *                                                  └─ request ─┬─ answered
 *                                                              └─ no answer in time, or connection lost ─► NoAnswer
 *
 * C1  Nothing is kept for a later connection: without one, messages are lost and requests rejected at once.
 * C2  A lost connection rejects the requests under way: callers try again as soon as it is back, not after their timeout.
 * C3  No secret stands in a log or an error.
 */
import type * as Nats from "nats";
import * as v from "valibot";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { NoAnswer, NobodyAsked } from "../ports/bus.ts";
import { CountedLines } from "../ports/counted-lines.ts";
import { connectError, notAllowed, withoutJetStream } from "./nats-errors.ts";
import { natsOptions } from "./nats-login.ts";
import type { NatsOptions } from "./nats-options.ts";
import { NatsRequests, NotAllowed } from "./nats-requests.ts";

/** A round trip takes some ms; an election of the servers some seconds, during which asking again is as good as waiting. */
export const ANSWER_MS = 2_000;

/** Headers and subject of a message of ours beside its bytes. */
const HEADER_BYTES_MAX = 4_096;

/** NATS takes times in ns. */
export const NS_PER_MS = 1_000_000;

/** One request to the management of JetStream, with an answer in JSON. */
const apiAnswer = v.looseObject({
  error: v.optional(v.looseObject({ err_code: v.optional(v.number(), 0), description: v.string() })),
});

const acknowledgement = v.looseObject({ seq: v.number() });
const anything = v.looseObject({});
const madeStream = v.looseObject({ created: v.string() });

/** The servers answered that they do not do it. */
export class NatsRefused extends Error {
  override readonly name = "NatsRefused";
  /** Of the table of errors of the servers; 0 for an unnumbered one. */
  readonly code: number;
  /** In the words of the server. */
  readonly description: string;

  constructor(action: string, code: number, description: string) {
    super(`Cannot ${action}: ${description}`);
    this.code = code;
    this.description = description;
  }
}

export class NatsLink {
  readonly nats: typeof Nats;
  readonly connection: Nats.NatsConnection;
  readonly options: NatsOptions;
  readonly #errors: CountedLines;
  #connected = true;
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #closing = new Set<() => void>();
  readonly #requests: NatsRequests;

  /** Rejects with an EigenwatchError that says what to do. */
  static async open(options: NatsOptions): Promise<NatsLink> {
    const { nats } = await import("./nats-client.ts");
    let connection: Nats.NatsConnection;
    try {
      connection = await nats.connect(natsOptions(nats, options));
    } catch (error) {
      throw connectError(options, error);
    }
    const link = new NatsLink(nats, connection, options);
    try {
      await link.#check();
    } catch (error) {
      await link.close();
      throw error;
    }
    return link;
  }

  private constructor(nats: typeof Nats, connection: Nats.NatsConnection, options: NatsOptions) {
    this.nats = nats;
    this.connection = connection;
    this.options = options;
    this.#requests = new NatsRequests(nats, connection, options.clock);
    this.#errors = new CountedLines(options.clock, (message) => options.log(message));
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Version of the server that this process is connected to. */
  get version(): string {
    return this.connection.info?.version ?? "";
  }

  onConnection(change: (connected: boolean) => void): () => void {
    const listener: typeof change = (connected) => change(connected);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(subject: string, bytes: Uint8Array, headers?: Nats.MsgHdrs): void {
    if (!this.#connected) return;
    checkSize(subject, bytes);
    // The library sends later, and the bytes are the caller's.
    this.connection.publish(subject, new Uint8Array(bytes), headers === undefined ? undefined : { headers });
  }

  subscribe(pattern: string, take: (message: Nats.Msg) => void): () => void {
    const subscription = this.connection.subscribe(pattern, {
      callback: (error, message) => {
        if (error === null) take(message);
        else this.options.log(`nats: cannot subscribe to ${pattern}: ${error.message}`);
      },
    });
    return () => subscription.unsubscribe();
  }

  /** `bytes` must not change afterwards. Rejects with NoAnswer, NobodyThere, NotAllowed or NobodyAsked. */
  async request(
    subject: string,
    bytes: Uint8Array,
    timeoutMs = ANSWER_MS,
    headers?: Nats.MsgHdrs,
  ): Promise<Nats.Msg> {
    if (!this.#connected) throw new NobodyAsked(`Cannot ask ${subject}: the servers cannot be reached`);
    checkSize(subject, bytes);
    return this.#requests.ask(subject, bytes, timeoutMs, headers);
  }

  /**
   * Stores a message in the stream of its subject. Its sequence there, when the servers have acknowledged it. `bytes` must not change afterwards. Rejects
   * with NatsRefused, or with NoAnswer.
   */
  async store(action: string, subject: string, bytes: Uint8Array, headers?: Nats.MsgHdrs): Promise<number> {
    const message = await this.request(subject, bytes, ANSWER_MS, headers);
    return this.#readAnswer(action, message, acknowledgement).seq;
  }

  /** Asks the management of JetStream. Rejects with NatsRefused, or with NoAnswer. */
  async api<Schema extends v.GenericSchema>(
    subject: string,
    body: unknown,
    schema: Schema,
  ): Promise<v.InferOutput<Schema>> {
    const bytes = body === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body));
    const message = await this.request(`$JS.API.${subject}`, bytes);
    return this.#readAnswer(`do ${subject}`, message, schema);
  }

  /** The fields of an answer in JSON. Throws NatsRefused when it is an error. */
  #readAnswer<Schema extends v.GenericSchema>(
    action: string,
    message: Nats.Msg,
    schema: Schema,
  ): v.InferOutput<Schema> {
    const json: unknown = message.json();
    const { error } = v.parse(apiAnswer, json);
    if (error !== undefined) throw new NatsRefused(action, error.err_code, error.description);
    return v.parse(schema, json);
  }

  /** By how much the clock of this process is ahead of the server's, ms: a stream of a moment is told when it was made. */
  async clockErrorMs(): Promise<number> {
    const { clock } = this.options;
    const name = `ewclock_${this.nats.nuid.next()}`;
    const sentUs = clock.nowUs();
    const config = { name, subjects: [name], storage: "memory", num_replicas: 1 };
    const { created } = await this.api(`STREAM.CREATE.${name}`, config, madeStream);
    const middleUs = (sentUs + clock.nowUs()) / 2;
    await this.api(`STREAM.DELETE.${name}`, null, anything);
    return middleUs / 1000 - Date.parse(created);
  }

  /** Calls `end` when the connection is closed. The returned function forgets it. */
  onClose(end: () => void): () => void {
    this.#closing.add(end);
    return () => this.#closing.delete(end);
  }

  async close(): Promise<void> {
    for (const end of [...this.#closing]) end();
    await this.connection.close();
    this.#setConnected(false);
  }

  async #check(): Promise<void> {
    const { options } = this;
    const { max_payload: maxPayload, version } = this.connection.info!;
    if (maxPayload < MAX_MESSAGE_BYTES + HEADER_BYTES_MAX)
      throw new EigenwatchError({
        action: `use NATS at ${options.servers.join(", ")}`,
        value: `its max_payload is ${maxPayload} bytes`,
        expected: `at least ${MAX_MESSAGE_BYTES + HEADER_BYTES_MAX}: set max_payload in its configuration`,
        kind: "unavailable",
      });
    try {
      await this.api("INFO", null, anything);
    } catch (cause) {
      throw cause instanceof NotAllowed
        ? notAllowed(options, cause.what)
        : withoutJetStream(options, version, cause);
    }
  }

  async #watch(): Promise<void> {
    const { Events } = this.nats;
    for await (const { type, data, permissionContext } of this.connection.status()) {
      if (type === Events.Disconnect) this.#setConnected(false);
      else if (type === Events.Reconnect) this.#setConnected(true);
      else if (type === Events.LDM) this.options.log("nats: the server is about to stop");
      else if (type === Events.Error) {
        const what = permissionContext;
        if (what !== undefined) this.#requests.denied(what);
        const detail = what === undefined ? "" : `: no permission for ${what.operation} ${what.subject}`;
        this.#errors.say(`${data} ${what?.operation}`, `nats: the server reports ${data}${detail}`);
      }
    }
    this.#setConnected(false);
  }

  #setConnected(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    if (!connected)
      this.#requests.rejectAll(new NoAnswer("Cannot get an answer: the connection to the servers was lost"));
    for (const listener of [...this.#listeners]) listener(connected);
  }
}

/** Of W3C Trace Context. */
export const TRACE_HEADER = "traceparent";

export function traceOf({ headers }: Nats.Msg): string | undefined {
  return headers?.get(TRACE_HEADER) || undefined;
}

/** The data of a message as plain bytes: the library hands out the runtime's buffers. */
export function bytesOf({ data }: Nats.Msg): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

function checkSize(subject: string, bytes: Uint8Array): void {
  if (bytes.length > MAX_MESSAGE_BYTES)
    throw new EigenwatchError({
      action: `send ${bytes.length} bytes to ${subject}`,
      value: "they exceed MAX_MESSAGE_BYTES",
      expected: `at most ${MAX_MESSAGE_BYTES}`,
      kind: "limit",
    });
}
