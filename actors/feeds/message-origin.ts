/** A server that sends messages, as a feed (message-feed.ts) sees it. */
import type { Reason } from "./bad-samples.ts";
import type { Ending } from "./stay-connected.ts";

export interface Origin {
  /** For people, without secrets: "mqtt://host:1883". */
  readonly name: string;
  /** Whether what comes while there is no connection is lost. */
  readonly forgets: boolean;
  /** What it has not read the server keeps: it can wait, and awaits `drained` of its sink. */
  readonly waits: boolean;
  /** One connection: resolves when it has ended, at once after `signal`. */
  connection(sink: MessageSink, signal: AbortSignal): Promise<Ending>;
}

/** Takes what one connection brings. */
export interface MessageSink {
  /** It works. */
  heard(): void;
  /** A message of any form. `timeUs`: unless it has a time of its own; NaN: that of its arrival. False: the sink is full. */
  message(name: string, text: string, timeUs: number): boolean;
  /** Sends what has come, and resolves when there is room for more, or the feed is stopped. */
  drained(): Promise<void>;
  bad(reason: Reason, count: number, detail: () => string): void;
}

/** Longer ones are left out: what they hold would be waited for. */
export const MESSAGE_BYTES_MAX = 65_536;

/** How long a server may take to accept a connection, or to give a sign of life that is due. */
export const ANSWER_MS_MAX = 10_000;

export function ending(reason: string, isFinal = false): Ending {
  return { reason, isFinal };
}

/** How a connection ends: the first that is given counts. */
export class Ended {
  readonly given: Promise<Ending>;
  private resolve: (ending: Ending) => void = () => {};

  /** `signal`: the feed is stopped. */
  constructor(signal: AbortSignal) {
    const stopped = (): void => this.give(ending("stopped"));
    this.given = new Promise((resolve) => {
      this.resolve = (ending) => {
        signal.removeEventListener("abort", stopped);
        resolve(ending);
      };
    });
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", stopped);
  }

  give(ending: Ending): void {
    this.resolve(ending);
  }
}
