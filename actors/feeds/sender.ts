/** How the encoded messages of a feed leave its process: published (bus-publisher.ts) or offered (offers.ts). */
import type { Channels } from "../../protocol/messages.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Tracer } from "../ports/trace.ts";

export interface PublishOptions {
  readonly bus: Bus;
  readonly session: string;
  readonly partition: string;
  readonly clock: Clock;
  /**
   * It is one part of a live feed that goes to several partitions (division.ts): its frames are numbered anew, for numbers that went elsewhere
   * would count as lost here.
   */
  readonly divided?: true;
  /** Default: no frame is traced. */
  readonly tracer?: Tracer | undefined;
  /** Ends the delivery: what is not durable by then is given up. Default: it goes on until all is. */
  readonly signal?: AbortSignal;
}

export interface Sender {
  /** False: no more until `drained`. */
  send(source: string, group: string | null, bytes: Uint8Array, isData: boolean): boolean;
  declare(declaration: Channels, bytes: Uint8Array): void;
  drained(): Promise<void>;
  /** Resolves when nothing is under way any more. */
  end(): Promise<void>;
}
