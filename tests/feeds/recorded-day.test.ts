// runtime: either
/** Recorded traffic of Binance through a server, again and again and with faults: `bench market-day` does it for a day, this for some minutes. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { feedsDay } from "../../sim/bench/feeds-day.ts";
import { recordedBinance } from "../../sim/bench/recorded-binance.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const PATH = shared("market/D_ws/binance_spot_btc_eth_20240808.tsv.gz");

test("a recorded session that begins again has ids without a gap and times that rise", () => {
  if (PATH === null) return skipWithoutData();
  const { messages, idsOf, firstBooks } = recordedBinance(PATH, ["trade", "change"]);
  const next = new Map<string, number>();
  for (const pass of [0, 1, 2])
    for (const { symbol, kind, text } of messages) {
      const { data } = JSON.parse(text(pass)) as { data: Record<string, number> };
      const [first, last] = kind === "trade" ? [data["t"]!, data["t"]!] : [data["U"]!, data["u"]!];
      const due = next.get(`${kind} ${symbol}`);
      if (due !== undefined) assert.is(first, due);
      else if (kind === "change") assert.is(first, firstBooks.get(symbol)!.lastId + 1);
      next.set(`${kind} ${symbol}`, last + 1);
    }
  assert.ok(idsOf("BTCUSDT") > 0);
});

test("minutes of recorded traffic, with changes left out, doubled and cut: every row equals the reference, and every book comes back", async () => {
  if (PATH === null) return skipWithoutData();
  const day = await feedsDay({ path: PATH, hours: 0.1, quotes: false, faultsMin: 5 });
  assert.ok(
    day.faults["left out"]! >= 3 && day.faults["sent twice"]! >= 1 && day.faults["cut messages"]! >= 1,
  );
  assert.is(day.recovered, day.lost);
  assert.ok(day.recovered >= day.faults["left out"]!);
  assert.ok(day.rows > day.changes / 2, `${day.rows} rows of ${day.changes} changes`);
});

test.run();
