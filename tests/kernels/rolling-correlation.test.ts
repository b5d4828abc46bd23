import { test } from "uvu";
import * as assert from "uvu/assert";
import { RollingCorrelation } from "../../actors/kernels/rolling-correlation.ts";
import { skip } from "../support/skip.ts";
import { gaussian, seeded } from "./builders.ts";
import { referenceText } from "./reference.ts";

const warmup = referenceText("market/B_crypto_1m/warmup_close_1m.csv.gz");
const bars = referenceText("market/B_crypto_1m/bars_1m.csv.gz");
const roll = referenceText("market/oracle/B_roll60.csv.gz");

/** Minute by minute: time and the close of every pair, the warm-up first. */
function closes(): { t: string; prices: Float64Array }[] {
  const [header, ...lines] = warmup!.trim().split("\n");
  const symbols = header!.split(",").slice(1);
  const minutes = lines.map((line) => {
    const [t, ...values] = line.split(",");
    return { t: t!, prices: Float64Array.from(values, Number) };
  });
  const column = new Map(symbols.map((symbol, i) => [symbol, i]));
  for (const line of bars!.trim().split("\n").slice(1)) {
    const [t, symbol, , , , close] = line.split(",");
    if (minutes.at(-1)!.t !== t) minutes.push({ t: t!, prices: new Float64Array(symbols.length) });
    minutes.at(-1)!.prices[column.get(symbol!)!] = Number(close);
  }
  return minutes;
}

test("rolling correlation of twenty crypto pairs agrees with the reference to 1e-6 at every minute", () => {
  if (warmup === null || bars === null || roll === null) return skip("no reference data beside the checkout");
  const expected = new Map(
    roll
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => {
        const [t, ...values] = line.split(",");
        return [t!, values.map(Number)] as const;
      }),
  );
  const window = new RollingCorrelation(20, 60);
  const out = new Float64Array(3);
  let compared = 0;
  let worst = 0;
  for (const { t, prices } of closes()) {
    window.pushPrices(prices);
    const row = expected.get(t);
    if (row === undefined || window.count < 60) continue;
    window.measure(out);
    worst = Math.max(worst, Math.abs(out[0]! - row[0]!), Math.abs(out[1]! - row[1]!));
    // The rms is given in basis points with four decimals.
    assert.ok(Math.abs(out[2]! * 1e4 - row[2]!) <= 1e-3, `rms at ${t}: ${out[2]! * 1e4}; expected ${row[2]}`);
    compared++;
  }
  assert.is(compared, expected.size);
  assert.ok(worst <= 1e-6, `largest difference ${worst}`);
});

test("identical channels correlate perfectly, a silent one not at all", () => {
  const random = seeded(41);
  const window = new RollingCorrelation(3, 10);
  const out = new Float64Array(3);
  window.measure(out);
  assert.ok(Number.isNaN(out[0]!));
  for (let t = 0; t < 25; t++) {
    const x = gaussian(random);
    window.push(Float64Array.of(x, 2 * x, 0));
  }
  window.measure(out);
  assert.ok(Math.abs(out[0]! - 1 / 3) < 1e-14);
  assert.ok(Math.abs(out[1]! - 2 / 3) < 1e-14);
  assert.is(window.count, 10);
});

test("missing price gives no return, and the whole move when it comes back", () => {
  const window = new RollingCorrelation(1, 4);
  for (const price of [100, Number.NaN, 0, 200]) window.pushPrices(Float64Array.of(price));
  assert.equal([...window.fields.returns], [0, 0, Math.log(2), 0]);
});

test.run();
