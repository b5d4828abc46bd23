/** Where a feed listens, `PORT` or `HOST:PORT`, and what feeds that listen have in common. */
import type { Clock } from "../ports/clock.ts";
import { badSpec } from "./feed-kind.ts";
import type { FeedWriter } from "./feed-writer.ts";

export interface ListeningFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly everyUs: number;
  /** The option `series`. */
  readonly seriesMax: number;
  readonly clock: Clock;
}

/** On loopback unless a host is given. Throws for what is no place; `usual`: a port that is named then. */
export function listeningPlace(spec: string, target: string, usual: number): { host: string; port: number } {
  const [, host = "127.0.0.1", digits = ""] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(target) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535)
    throw badSpec(spec, `${target} is no place`, `PORT or HOST:PORT, such as ${usual}`);
  return { host, port };
}

/** What listens there; null after the feed was told that it failed, with the place and the reason. */
export async function listening<Listener>(
  writer: FeedWriter,
  place: string,
  listen: () => Promise<Listener>,
): Promise<Listener | null> {
  try {
    return await listen();
  } catch (error) {
    writer.status("failed", `Cannot listen on ${place}: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
