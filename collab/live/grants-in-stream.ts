/**
 * Invitations and guests of a session that several nodes serve: their changes in a stream, which every node folds in its order.
 *
 *   change ──append, under an id──► stream ──read back──► folded at every node ─► who asked is answered
 *                                      └─ it went back ─► read anew, from the first entry
 *
 * I1  A change counts where it stands in the stream, once, however often it was stored: all nodes come to the same.
 * I2  Who asks is answered when the node has read its change; who is a stranger here, when it has read what other nodes had granted by then. Without the servers nothing is changed, and what was read goes on to hold.
 * I3  The first key of the stream signs for all nodes: an invitation and a ticket of one open every node.
 */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { appendUntilStopped } from "../../actors/cluster/mod.ts";
import type { Bus, LogStream, StreamEntry } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { grantChange } from "../gateway/grant-schemas.ts";
import type { GrantChange, GrantLog } from "../gateway/grants.ts";

/** Before an entry that was not answered or not read back is sent again, and a stream that could not be read is read again. */
const RETRY_MS = 250;

/** For how long a change is tried: as long as a command. */
const CHANGE_MS = 8_000;

/** Strangers of so long are looked up together, so that guessing at tokens costs the servers little. */
const GATHER_MS = 20;

/** For how long a stranger waits for what other nodes have granted. */
const CATCH_UP_MS = 2_000;

const entrySchema = v.object({ id: v.string(), change: grantChange });

/** Until the entry of this sequence was read. */
interface Wait {
  until: number;
  end(): void;
}

type Fold = Parameters<GrantLog["fold"]>[0];

export interface StreamGrantsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  log(message: string): void;
}

/** The stream in which a session's grants are. */
export function grantsStream(session: string): string {
  return subjectOf(session, "any", "grants");
}

/** Resolves when the stream was read and has a key, or `signal` has ended it; tries again until the servers can be reached. */
export async function grantsInStream(options: StreamGrantsOptions): Promise<GrantLog> {
  const grants = new StreamGrants(options);
  await grants.open();
  return grants;
}

class StreamGrants implements GrantLog {
  private readonly options: StreamGrantsOptions;
  private readonly stream: LogStream;
  private readonly garbage: CountedLines;
  /** In the order of the stream. */
  private changes: GrantChange[] = [];
  private readonly ids = new Set<string>();
  private sequence = 0;
  private folding: Fold | null = null;
  private readonly waiting = new Map<string, (refusal: EigenwatchError | null) => void>();
  private readonly waits = new Set<Wait>();
  private gathering: Promise<void> | null = null;
  private unfollow: () => void = () => {};

  constructor(options: StreamGrantsOptions) {
    this.options = options;
    this.stream = options.bus.stream(grantsStream(options.session));
    this.garbage = new CountedLines(options.clock, options.log);
  }

  async open(): Promise<void> {
    const { signal } = this.options;
    signal.addEventListener("abort", () => {
      this.unfollow();
      for (const wait of [...this.waits]) wait.end();
    });
    await this.read();
    while (!signal.aborted && !this.hasKey) await this.appendKey();
  }

  fold(fold: Fold): void {
    this.folding = fold;
    for (const change of this.changes) fold.take(change);
  }

  append(change: GrantChange): Promise<EigenwatchError | null> {
    const { clock, log } = this.options;
    const { stream } = this;
    const id = randomBytes(12).toString("hex");
    const bytes = new TextEncoder().encode(JSON.stringify({ id, change }));
    return new Promise((resolve, reject) => {
      const stop = appendUntilStopped(bytes, id, {
        stream,
        clock,
        retryMs: RETRY_MS,
        stored() {},
        endsWith() {},
        report: (message) => log(`invitations: ${message}`),
      });
      const end = (): void => {
        stop();
        cancel();
        this.waiting.delete(id);
      };
      const cancel = clock.after(CHANGE_MS, () => {
        end();
        reject(unanswered());
      });
      this.waiting.set(id, (refusal) => {
        end();
        resolve(refusal);
      });
    });
  }

  catchUp(): Promise<void> {
    const { clock, signal } = this.options;
    if (signal.aborted) return Promise.resolve();
    this.gathering ??= new Promise<void>((resolve) => void clock.after(GATHER_MS, resolve)).then(() => {
      this.gathering = null;
      return this.reachEnd();
    });
    return this.gathering;
  }

  /** Resolves when the stream was read to where it ends now, or after CATCH_UP_MS. */
  private reachEnd(): Promise<void> {
    return new Promise((resolve) => {
      const wait: Wait = {
        until: Number.POSITIVE_INFINITY,
        end: () => {
          cancel();
          this.waits.delete(wait);
          resolve();
        },
      };
      const cancel = this.options.clock.after(CATCH_UP_MS, wait.end);
      this.waits.add(wait);
      this.stream.lastSequence().then((end) => {
        wait.until = end;
        this.endWaits();
      }, wait.end);
    });
  }

  private endWaits(): void {
    for (const wait of [...this.waits]) if (this.sequence >= wait.until) wait.end();
  }

  private get hasKey(): boolean {
    return this.changes.some(({ type }) => type === "key");
  }

  /** Of several that nodes append at the same time the first one counts. */
  private async appendKey(): Promise<void> {
    const change: GrantChange = { type: "key", key: randomBytes(32).toString("base64url") };
    await this.append(change).catch((error: unknown) => this.options.log(String(error)));
  }

  /** Reads the stream from its first entry, then follows it. */
  private async read(): Promise<void> {
    const { clock, signal, log } = this.options;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const entries: StreamEntry[] = [];
        for await (const entry of this.stream.read(1)) entries.push(entry);
        this.begin(entries);
        return;
      } catch (error) {
        if (tries === 0) log(`invitations cannot be read yet: ${String(error)}`);
        await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
    }
  }

  private begin(entries: readonly StreamEntry[]): void {
    this.changes = [];
    this.ids.clear();
    this.sequence = 0;
    this.folding?.begin();
    for (const entry of entries) this.take(entry);
    if (entries.length > 0) this.folding?.taken();
    this.endWaits();
    if (!this.options.signal.aborted)
      this.unfollow = this.stream.follow(this.sequence + 1, (entry) => this.came(entry));
  }

  private came(entry: StreamEntry): void {
    if (entry.sequence !== this.sequence + 1) {
      this.unfollow();
      // The servers lost its end, perhaps all of it.
      void this.read().then(() => (this.hasKey ? undefined : this.appendKey()));
      return;
    }
    this.take(entry);
    this.folding?.taken();
    this.endWaits();
  }

  private take({ sequence, bytes }: StreamEntry): void {
    this.sequence = sequence;
    const entry = this.decoded(bytes);
    if (entry === null || this.ids.has(entry.id)) return;
    const { id, change } = entry;
    this.ids.add(id);
    this.changes.push(change);
    const refusal = this.folding?.take(change) ?? null;
    this.waiting.get(id)?.(refusal);
  }

  private decoded(bytes: Uint8Array): v.InferOutput<typeof entrySchema> | null {
    try {
      return v.parse(entrySchema, JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      // What it says is not shown: it may hold a key.
      this.garbage.say("grant", `${bytes.length} bytes among the invitations are passed over`);
      return null;
    }
  }
}

function unanswered(): EigenwatchError {
  return new EigenwatchError({
    action: "change invitations",
    value: `the NATS servers have not kept it within ${CHANGE_MS} ms`,
    expected: "servers that can be reached; look whether it was changed all the same",
    kind: "unavailable",
  });
}
