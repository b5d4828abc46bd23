/**
 * Which channels are prices that may be drawn as candles.
 *
 *   bars     open, high, low and close of one thing: one candle of the four       "close", "AAPL.close"
 *   trades   a channel of prices: its own candles
 */
import type { CandleSource } from "../../charts/candles.ts";
import type { Series } from "../../charts/series.ts";
import type { TickSize } from "../../charts/tick-size.ts";
import type { Volumes } from "../../charts/volumes.ts";

/** What of a channel makes candles. */
interface Priced {
  readonly name: string;
  readonly series: Series;
  readonly tick: TickSize | null;
  readonly volumes: Volumes | null;
}

const PARTS = ["open", "high", "low", "close"] as const;
const PART = /^(?:(.*)[._\- /])?(open|high|low|close|volume)$/i;

/** The name of the thing that a channel is a part of, and which part; null where its name says nothing of that. */
export function partOf(name: string): { thing: string; part: string } | null {
  const [, thing = "", part] = PART.exec(name) ?? [];
  return part === undefined ? null : { thing, part: part.toLowerCase() };
}

/** Whether the names are those of bars: a close with at least one other part. */
export function isBarPart(name: string, names: readonly string[]): boolean {
  const own = partOf(name);
  if (own === null || own.part === "volume") return false;
  const parts = new Set(
    names
      .map(partOf)
      .filter((each) => each?.thing === own.thing)
      .map((each) => each!.part),
  );
  return parts.has("close") && PARTS.some((part) => part !== "close" && parts.has(part));
}

/** The channels that candles of this one are made of, by name: it, and the other parts of its bar. */
export function barOf<Of extends { readonly name: string }>(channel: Of, channels: readonly Of[]): Of[] {
  const thing = partOf(channel.name)?.thing;
  if (thing === undefined) return [channel];
  return channels.filter(({ name }) => partOf(name)?.thing === thing);
}

/** What the candles of a chosen channel are made of; null where it is no price. */
export function candleSource(channel: Priced, channels: readonly Priced[]): CandleSource | null {
  if (channel.tick === null) return null;
  const own = partOf(channel.name);
  const beside = (part: string) =>
    own === null
      ? undefined
      : channels.find(({ name }) => {
          const other = partOf(name);
          return other !== null && other.thing === own.thing && other.part === part;
        });
  const close = beside("close");
  if (close === undefined || PARTS.every((part) => part === "close" || beside(part) === undefined))
    return { close: channel.series, volumes: channel.volumes };
  const [open, high, low] = [beside("open")?.series, beside("high")?.series, beside("low")?.series];
  return { close: close.series, open, high, low, volumes: close.volumes };
}
