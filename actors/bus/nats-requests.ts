/**
 * Requests over one connection, whose answers share one subscription: the library's own make two errors with a stack for each, which at an append for
 * every block takes more time than the append.
 *
 *   ask ─► <inbox>.<number> ─┬─ answered ─► its message
 *                            ├─ nobody is there, not allowed, connection lost, closed ─► rejected at once
 *                            └─ nothing in time ─► NoAnswer
 */
import type * as Nats from "nats";
import { NoAnswer, NobodyAsked } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";

/** Status of the answer of a server that knows no process which takes requests of the subject. */
const NOBODY_STATUS = 503;

interface Pending {
  readonly subject: string;
  resolve(answer: Nats.Msg): void;
  reject(error: Error): void;
}

export class NatsRequests {
  readonly #connection: Nats.NatsConnection;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();
  readonly #inbox: string;
  #asked = 0;
  #isListening = false;

  constructor(nats: typeof Nats, connection: Nats.NatsConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#inbox = nats.createInbox();
  }

  /** Rejects with NoAnswer, NobodyThere or NotAllowed. `bytes` must not change afterwards. */
  ask(
    subject: string,
    bytes: Uint8Array,
    timeoutMs: number,
    headers: Nats.MsgHdrs | undefined,
  ): Promise<Nats.Msg> {
    return new Promise((resolve, reject) => {
      const token = String(++this.#asked);
      const cancel = this.#clock.after(timeoutMs, () =>
        pending.reject(new NoAnswer(`Cannot ask ${subject}: none answered within ${timeoutMs} ms`)),
      );
      const settled = (): void => {
        cancel();
        this.#pending.delete(token);
      };
      const pending: Pending = {
        subject,
        resolve(answer) {
          settled();
          resolve(answer);
        },
        reject(error) {
          settled();
          reject(error);
        },
      };
      this.#pending.set(token, pending);
      try {
        this.#listen();
        const reply = `${this.#inbox}.${token}`;
        this.#connection.publish(subject, bytes, headers === undefined ? { reply } : { reply, headers });
      } catch (cause) {
        pending.reject(new NoAnswer(`Cannot ask ${subject}: ${(cause as Error).message}`, { cause }));
      }
    });
  }

  /** Rejects all that are under way. */
  rejectAll(error: Error): void {
    for (const { reject } of [...this.#pending.values()]) reject(error);
  }

  /** The servers refused what this user sent. */
  denied(refused: Denied): void {
    if (refused.operation === "publish")
      for (const { subject, reject } of [...this.#pending.values()])
        if (subject === refused.subject) reject(new NotAllowed(refused));
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => {
        if (error === null) this.#take(answer);
        else this.#deaf(error);
      },
    });
  }

  #take(answer: Nats.Msg): void {
    // None: it came after its time.
    const pending = this.#pending.get(answer.subject.slice(this.#inbox.length + 1));
    if (pending === undefined) return;
    if (answer.data.length === 0 && answer.headers?.code === NOBODY_STATUS)
      pending.reject(new NobodyThere(`Cannot ask ${pending.subject}: nobody takes requests there`));
    else pending.resolve(answer);
  }

  /** No answer will be heard. */
  #deaf(error: Nats.NatsError): void {
    this.#isListening = false;
    const { permissionContext: refused } = error;
    this.rejectAll(
      refused === undefined
        ? new NoAnswer(`Cannot hear answers: ${error.message}`, { cause: error })
        : new NotAllowed(refused),
    );
  }
}

type Denied = NonNullable<Nats.NatsError["permissionContext"]>;

/** At once: no process takes requests of this subject. */
export class NobodyThere extends NobodyAsked {}

/** At once: the servers do not let this user ask, or hear an answer. */
export class NotAllowed extends NobodyAsked {
  /** What the user may not do: a verb and a subject. */
  readonly what: string;

  constructor({ operation, subject }: Denied) {
    const what = `${operation === "publish" ? "publish" : "subscribe"} to ${subject}`;
    super(`Cannot ask: this user of NATS may not ${what}`);
    this.what = what;
  }
}
