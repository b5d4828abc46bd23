/** Small universes for tests of scans. */
import { UniverseBuilder } from "../../actors/scan/universe/builder.ts";
import type { Universe } from "../../actors/scan/universe/universe.ts";

export const DAY_US = 86_400e6;

/** Closes as bars: the open is the close before, high and low enclose both. */
export function bars(closes: readonly number[]) {
  return closes.map((close, i) => {
    const open = closes[i - 1] ?? close;
    return { open, high: Math.max(open, close), low: Math.min(open, close), close, volume: 100 };
  });
}

/** Symbols with a row a day. */
export function universeOf(symbols: Record<string, ReturnType<typeof bars>>): Universe {
  const builder = new UniverseBuilder("test");
  for (const [symbol, rows] of Object.entries(symbols)) {
    const index = builder.indexOf(symbol);
    rows.forEach((bar, i) => {
      builder.add(index, i * DAY_US, bar, true, i + 1);
    });
  }
  return builder.build();
}
