/**
 * The owner's end of feeds that are delivered once (offers.ts): takes what they offer and answers when it is durable.
 *
 *   offer ─► decode, check ─► sink, waiting while it is full ─► durable ─► answer
 *
 * F1  An answer says that every message of the offer is in the log or was counted as malformed, or as of another time than
 *     the session: nothing was shed for lack of room.
 * F2  An offer that comes again before or after its answer is not taken again; one that another owner took is known by its numbers.
 * F3  An offer that cannot become durable here is refused at once: its publisher offers it to the next owner.
 * F4  An offer that names one before it is taken right after that one, or refused: the order of a source is that of its offers.
 * F5  A large offer is taken in turns of TURN_MS: what was taken is sent to the log meanwhile, and commands, acknowledgements and timers have theirs.
 */
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { errorText, ProtocolError } from "../../protocol/errors.ts";
import { MAX_BLOCK_AGE_MS } from "../../protocol/limits.ts";
import type { MessageOf } from "../../protocol/messages.ts";
import { parseSubject, subjectOf } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import type { Span, Tracer } from "../ports/trace.ts";
import { BadSamples } from "./bad-samples.ts";
import { MessageCheck } from "./bus.ts";
import { FeedWriter } from "./feed-writer.ts";
import type { GroupHolders } from "./group-holders.ts";
import { Stop } from "./stop.ts";

/** As long as a block may stay open: in one go, blocks would wait for the end of the offer before the first of them is sent. */
const TURN_MS = MAX_BLOCK_AGE_MS;

/** As many as a publisher has under way. */
const KNOWN = 2;

/** An offer that was taken, or is about to be. */
interface Taken {
  readonly id: string;
  /** Resolves when the sink has all of it. */
  readonly handedOver: Promise<void>;
  readonly answer: Promise<Uint8Array>;
}

export interface OfferedFeedOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  readonly partition: string;
  /** Of the feeds that offer. */
  readonly kind: Feed["kind"];
  /** As in BusFeed: of live feeds. */
  readonly holders?: GroupHolders;
  /** Of offers that carry a trace. Default: none is traced. */
  readonly tracer?: Tracer | undefined;
  /** Resolves when everything that was handed to the sink is durable; rejects when some of it will not be. */
  durable(): Promise<void>;
}

export class OfferedFeed implements Feed {
  /** Source of its own reports; messages keep their sources. */
  readonly source: string;
  readonly kind: Feed["kind"];
  readonly relays = true;
  readonly waits = true;
  private readonly options: OfferedFeedOptions;
  /** The last offers of each source, KNOWN of them, oldest first. */
  private readonly last = new Map<string, readonly Taken[]>();
  private readonly stopping = new Stop();

  constructor(options: OfferedFeedOptions) {
    this.options = options;
    this.kind = options.kind;
    this.source = `bus offers (${options.kind})`;
  }

  async run(sink: FeedSink): Promise<void> {
    const { bus, session, partition, kind } = this.options;
    const writer = new FeedWriter(this.source, sink);
    const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    const gate = new FullSink(sink);
    const check = new MessageCheck(gate, badSamples, { holders: this.options.holders });
    const end = bus.answer(
      `${subjectOf(session, partition, "offer", kind)}.>`,
      (subject, bytes, traceparent) => this.take(subject, bytes, { check, gate, traceparent }),
    );
    await this.stopping.asked;
    end();
    badSamples.total();
  }

  async stop(): Promise<void> {
    this.stopping.ask();
  }

  private async take(subject: string, bytes: Uint8Array, way: Way): Promise<Uint8Array | null> {
    const offer = this.read(subject, bytes, way.check);
    if (offer === null) return null;
    const { id, after, messages, source } = offer;
    const last = this.last.get(source) ?? [];
    const known = last.find((each) => each.id === id);
    if (known !== undefined) return known.answer;
    if (after !== undefined && last.at(-1)?.id !== after)
      return refused(`the offer before it, ${after}, is not the last one that was taken here`);
    const handedOver = this.handOver(source, messages, way, last.at(-1)?.handedOver);
    const answer = handedOver.then(() => this.durable(source));
    this.last.set(source, [...last, { id, handedOver, answer }].slice(-KNOWN));
    return answer;
  }

  private async handOver(
    source: string,
    messages: readonly Uint8Array[],
    { check, gate, traceparent }: Way,
    before: Promise<void> | undefined,
  ): Promise<void> {
    // What stopped that one was answered there.
    await before?.catch(() => {});
    const { tracer, clock } = this.options;
    let turnEndMs = clock.monotonicMs() + TURN_MS;
    let span = traceparent === undefined ? null : (tracer?.resume("admission", traceparent) ?? null);
    for (const message of messages) {
      if (gate.isFull) await gate.drained();
      if (clock.monotonicMs() >= turnEndMs) {
        await new Promise<void>((resolve) => clock.soon(resolve));
        turnEndMs = clock.monotonicMs() + TURN_MS;
      }
      gate.span = span;
      check.receive(source, message);
      span = gate.span;
    }
  }

  private async durable(source: string): Promise<Uint8Array> {
    try {
      await this.options.durable();
      return TAKEN;
    } catch (error) {
      // What was taken may be in the log all the same.
      this.last.delete(source);
      return refused(errorText(error));
    }
  }

  private read(
    subject: string,
    bytes: Uint8Array,
    check: MessageCheck,
  ): (MessageOf<"offer"> & { readonly source: string }) | null {
    try {
      const [, source] = parseSubject(subject).details;
      const offer = decodeAs("offer", bytes);
      return source === undefined ? null : { ...offer, source };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      check.refuse(error.message);
      return null;
    }
  }
}

const TAKEN = encodeMessage({ type: "answer", epoch: 0, body: "" });

function refused(value: string): Uint8Array {
  const parts = { action: "take an offer", value, expected: "", kind: "unavailable" as const };
  return encodeMessage({ type: "answer", epoch: 0, error: parts });
}

/** What an offer goes through. `traceparent`: of one of its frames. */
interface Way {
  readonly check: MessageCheck;
  readonly gate: FullSink;
  readonly traceparent: string | undefined;
}

/** A sink that remembers that it is full. */
class FullSink implements FeedSink {
  isFull = false;
  /** For the next frame. */
  span: Span | null = null;
  private readonly sink: FeedSink;

  constructor(sink: FeedSink) {
    this.sink = sink;
  }

  channels(declaration: Parameters<FeedSink["channels"]>[0]): void {
    this.sink.channels(declaration);
  }

  frame(frame: Parameters<FeedSink["frame"]>[0]): boolean {
    const { span } = this;
    this.span = null;
    return this.noted(this.sink.frame(frame, span ?? undefined));
  }

  quantum(input: Parameters<FeedSink["quantum"]>[0]): boolean {
    return this.noted(this.sink.quantum(input));
  }

  status(status: Parameters<FeedSink["status"]>[0]): void {
    this.sink.status(status);
  }

  async drained(): Promise<void> {
    await this.sink.drained();
    this.isFull = false;
  }

  private noted(takesMore: boolean): boolean {
    this.isFull ||= !takesMore;
    return takesMore;
  }
}
