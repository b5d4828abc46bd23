/**
 * A recorded session that plays without a server (`?demo`): to look at the page, for tests and for pictures.
 *
 *     ?demo[&state=live|connecting|empty|warming|disconnected]
 *
 * The messages are those that a gateway sent (demo/session.gz), played at the pace of their own times, and again from the beginning at
 * the end. The first part is there at once, so that the charts have a past; `warming` plays from the first sample.
 */
import { decodeFrameInto } from "../../../protocol/codec.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { DecodedMessage } from "../../../protocol/messages.ts";
import { readMessages } from "./session-recording.ts";
import type { Source, SourceSink } from "./source.ts";

/** What of the recording is there at once. */
const PAST_SHARE = 0.75;
const PLAY_EVERY_MS = 50;
const RETRY_MS = 8_000;

export class RecordedSource implements Source {
  readonly #file: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly #state: string;
  readonly #scratch = createScratchFrame();
  #messages: readonly DecodedMessage[] = [];
  /** When each message was sent, µs. */
  #times: readonly number[] = [];
  #partition = "";
  #next = 0;
  #playedUs = 0;
  #lastMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(file: () => Promise<Uint8Array<ArrayBuffer>>, state: string) {
    this.#file = file;
    this.#state = state;
  }

  async start(sink: SourceSink): Promise<void> {
    if (this.#state === "connecting") return;
    if (this.#state === "disconnected") {
      const retryAtMs = performance.now() + RETRY_MS;
      sink.connection({ state: "waiting", reason: "the server does not answer", retryAtMs, partitions: [] });
      return;
    }
    this.#messages = await readMessages(await this.#file());
    this.#times = timesOf(this.#messages, this.#scratch);
    sink.connection({ state: "open" });
    if (this.#state === "empty") {
      for (const message of this.#messages) if (message.type === "welcome") this.#deliver(message, sink);
      return;
    }
    this.#begin(sink);
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#play(sink), PLAY_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #begin(sink: SourceSink): void {
    const firstUs = this.#times[0] ?? 0;
    const lastUs = this.#times.at(-1) ?? 0;
    this.#next = 0;
    this.#playedUs = this.#state === "warming" ? firstUs : firstUs + PAST_SHARE * (lastUs - firstUs);
    this.#deliverUntil(this.#playedUs, sink);
  }

  #play(sink: SourceSink): void {
    const nowMs = performance.now();
    this.#playedUs += (nowMs - this.#lastMs) * 1000;
    this.#lastMs = nowMs;
    this.#deliverUntil(this.#playedUs, sink);
    if (this.#next < this.#messages.length) return;
    sink.eventsRewound(0, this.#partition);
    sink.samplesRewound(this.#partition);
    this.#begin(sink);
  }

  #deliverUntil(timeUs: number, sink: SourceSink): void {
    while (this.#next < this.#messages.length && this.#times[this.#next]! <= timeUs)
      this.#deliver(this.#messages[this.#next++]!, sink);
  }

  #deliver(message: DecodedMessage, sink: SourceSink): void {
    switch (message.type) {
      case "welcome":
        this.#partition = message.partition;
        sink.session({
          session: message.session,
          partition: message.partition,
          partitions: [message.partition],
          timeUs: message.timeUs,
        });
        break;
      case "channels":
        sink.channels(message, this.#partition);
        break;
      case "samples":
        sink.frame(decodeFrameInto(message.frame, this.#scratch));
        break;
      case "event":
        sink.event(message);
        break;
      case "state":
        sink.state(message);
        break;
      case "metrics":
        sink.metrics(message, this.#partition);
        break;
    }
  }
}

/** Messages without a time of the session were sent with the one before them; the first ones with the first sample. */
function timesOf(
  messages: readonly DecodedMessage[],
  scratch: ReturnType<typeof createScratchFrame>,
): number[] {
  const own = messages.map((message) => {
    if (message.type === "event" || message.type === "state") return message.timeUs;
    if (message.type !== "samples") return Number.NaN;
    const frame = decodeFrameInto(message.frame, scratch);
    return frame.time[frame.count - 1]!;
  });
  let latestUs = own.find((timeUs) => !Number.isNaN(timeUs)) ?? 0;
  return own.map((timeUs) => {
    if (timeUs > latestUs) latestUs = timeUs;
    return latestUs;
  });
}
