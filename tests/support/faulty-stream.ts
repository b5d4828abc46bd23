/**
 * A stream whose server and connection misbehave as a test says: what is asked for the next append happens to it.
 *
 *   lost         not stored, no answer          unanswered   stored, no answer
 *   twice        stored twice, answered         refused      not stored, says so
 *   unguarded    stored whatever the last entry is              full      not stored: there is no room
 */
import {
  AppendRefused,
  AppendUncertain,
  LogFull,
  type LogStream,
  type StreamEntry,
} from "../../actors/ports/bus.ts";

export type AppendFault = "lost" | "unanswered" | "twice" | "refused" | "full" | "unguarded" | null;

export class FaultyStream implements LogStream {
  /** Ids of all attempts, in order. */
  readonly attempts: string[] = [];
  private readonly entries: Uint8Array[] = [];
  private readonly ids = new Map<string, number>();
  private readonly followers = new Set<{ next: number; take(entry: StreamEntry): void }>();
  private held = false;
  /** Sequences at which the next reads stop, as from a server that is behind. */
  readonly readsUpTo: number[] = [];
  /** Decides what happens to an append. */
  fault: (id: string) => AppendFault = () => null;

  async append(bytes: Uint8Array, options: { id: string; expectedLast?: number }): Promise<number> {
    const { id, expectedLast = this.entries.length } = options;
    this.attempts.push(id);
    const fault = this.fault(id);
    if (fault !== "unguarded" && !this.ids.has(id) && expectedLast !== this.entries.length)
      throw new AppendRefused(`the last entry is ${this.entries.length}; expected ${expectedLast}`);
    if (fault === "lost") throw new AppendUncertain(`no answer to ${id}`);
    if (fault === "full") throw new LogFull("the log is full: make room");
    if (fault === "refused") throw new AppendRefused(`${id} is refused`);
    const sequence = this.ids.get(id) ?? this.entries.push(new Uint8Array(bytes));
    this.ids.set(id, sequence);
    if (fault === "twice") this.entries.push(new Uint8Array(bytes));
    this.deliver();
    if (fault === "unanswered") throw new AppendUncertain(`no answer to ${id}`);
    return sequence;
  }

  /** Stores bytes as they are: what somebody else wrote. */
  put(bytes: Uint8Array): void {
    this.entries.push(new Uint8Array(bytes));
    this.deliver();
  }

  follow(fromSequence: number, take: (entry: StreamEntry) => void): () => void {
    const follower = { next: fromSequence, take };
    this.followers.add(follower);
    this.deliver();
    return () => this.followers.delete(follower);
  }

  async *read(fromSequence: number): AsyncGenerator<StreamEntry> {
    const end = Math.min(this.entries.length, this.readsUpTo.shift() ?? this.entries.length);
    for (let k = fromSequence; k <= Math.min(end, this.entries.length); k++) yield this.entry(k);
  }

  async lastSequence(): Promise<number> {
    return this.entries.length;
  }

  /** Followers hear nothing until `release`. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.deliver();
  }

  /**
   * The server forgets all behind `after`, with their ids. Followers that were further go on with what comes then, or with what comes
   * behind the place where they were.
   */
  loseTail(after: number, followers: "goBack" | "wait" = "goBack"): void {
    this.entries.length = after;
    for (const [id, sequence] of this.ids) if (sequence > after) this.ids.delete(id);
    if (followers === "wait") return;
    for (const follower of this.followers) follower.next = Math.min(follower.next, after + 1);
  }

  private deliver(): void {
    queueMicrotask(() => {
      for (const follower of this.followers) {
        while (!this.held && this.followers.has(follower) && follower.next <= this.entries.length)
          follower.take(this.entry(follower.next++));
      }
    });
  }

  private entry(sequence: number): StreamEntry {
    return { sequence, bytes: new Uint8Array(this.entries[sequence - 1]!) };
  }
}
