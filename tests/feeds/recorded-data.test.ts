// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { type CollectingSink, collect, totalCounts } from "./collect.ts";

/** Rows, channels and so on as the data's own description has them. */
interface Wanted {
  samples: number;
  channels: number[];
  sampling: "rows" | "ticks";
  innovation: string;
  /** Of rows; 0: not checked. */
  everyUs: number;
  firstTime: string;
  counts?: Record<string, number>;
}

const MINUTE = 60_000_000;

const FILES: Record<string, Wanted> = {
  "market/A_equity_ticks/trades.csv.gz": {
    samples: 250_170,
    channels: [5],
    sampling: "ticks",
    innovation: "logReturn",
    everyUs: 0,
    firstTime: "2013-10-09T16:30:01.994Z",
  },
  "market/A_equity_ticks/es_1m.csv.gz": {
    samples: 180,
    channels: [1],
    sampling: "rows",
    innovation: "logReturn",
    everyUs: MINUTE,
    firstTime: "2013-10-09T16:30:00.000Z",
  },
  "market/B_crypto_1m/bars_1m.csv.gz": {
    samples: 139_960,
    channels: [20],
    sampling: "rows",
    innovation: "logReturn",
    everyUs: MINUTE,
    firstTime: "2021-05-16T00:00:00.000Z",
  },
  "market/B_crypto_1m/warmup_close_1m.csv.gz?innovation=logReturn": {
    samples: 8640 * 20,
    channels: [20],
    sampling: "rows",
    innovation: "logReturn",
    everyUs: MINUTE,
    firstTime: "2021-05-10T00:00:00.000Z",
  },
  "market/C_sp500_daily/daily.csv.gz": {
    samples: 249_043,
    channels: [128, 128, 128, 115],
    sampling: "rows",
    innovation: "logReturn",
    everyUs: 1440 * MINUTE,
    firstTime: "2015-01-02T00:00:00.000Z",
  },
  "market/E_telemetry/nab_twitter_volume_5m.csv.gz": {
    // 15,831 rows are complete in all ten; the rest have 321 values.
    samples: 158_631,
    channels: [10],
    sampling: "rows",
    innovation: "difference",
    everyUs: 5 * MINUTE,
    firstTime: "2015-02-26T21:42:53.000Z",
    counts: { missing: 159_020 - 158_631 },
  },
  "market/E_telemetry/skab_other_7.csv.gz?skip=anomaly,changepoint": {
    samples: 1090 * 8,
    channels: [8],
    sampling: "rows",
    innovation: "difference",
    everyUs: 1_000_000,
    firstTime: "2020-02-08T16:47:11.000Z",
  },
  "detection/nab/data/realTweets/Twitter_volume_AAPL.csv": {
    samples: 15_902,
    channels: [1],
    sampling: "rows",
    innovation: "difference",
    everyUs: 5 * MINUTE,
    firstTime: "2015-02-26T21:42:53.000Z",
  },
  "detection/smd/machine-1-6.csv.gz?every=1m&skip=label": {
    samples: 23_689 * 38,
    channels: [38],
    sampling: "rows",
    innovation: "difference",
    everyUs: MINUTE,
    firstTime: "1970-01-01T00:00:00.000Z",
  },
};

for (const [name, expected] of Object.entries(FILES)) {
  const [file = "", query = ""] = name.split("?");
  const path = shared(file);
  if (path === null) skipWithoutData();
  else
    test(`recorded file ${name} is read whole, with its channels and times`, async () => {
      const result = await run(`file:${path}${query === "" ? "" : `?${query}`}`);
      assert.is(result.statuses.at(-1)!.status, "ended", result.statuses.at(-1)!.detail);
      const groups = [...result.groups.values()];
      assert.equal(
        groups.map(({ channels }) => channels.length),
        expected.channels,
      );
      const { sampling, innovation, everyUs } = groups[0]!;
      assert.equal([sampling, innovation], [expected.sampling, expected.innovation]);
      if (expected.everyUs > 0) assert.is(everyUs, expected.everyUs);
      assert.is(result.samples.length, expected.samples);
      assert.is(new Date(result.samples[0]!.time / 1000).toISOString(), expected.firstTime);
      assert.equal(totalCounts(result), expected.counts ?? {});
    });
}

const trades = shared("market/A_equity_ticks/trades.csv.gz");
const bars = shared("market/A_equity_ticks/es_1m.csv.gz");
if (trades !== null && bars !== null)
  test("trades and bars of one day are merged by time", async () => {
    const result = await run(`file:${trades}`, `file:${bars}`);
    assert.is(result.samples.length, 250_170 + 180);
    let latest = 0;
    for (const { time } of result.samples) {
      assert.ok(time >= latest);
      latest = time;
    }
  });

async function run(...specs: string[]): Promise<CollectingSink> {
  const [feed] = createFeeds(specs, { clock: createManualClock(), seed: 1 });
  return collect(feed!);
}

test.run();
