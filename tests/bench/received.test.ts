// runtime: either
// slow
/** Benchmarks that count what a client in another process received, with real processes and sockets. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkCrowd, checkReceived, type LatencyRun, Link } from "../../sim/bench/latency-link.ts";
import { onSchedule } from "../../sim/bench/latency-load.ts";
import type { SenderOptions } from "../../sim/bench/latency-sender.ts";
import { machineNowUs } from "../../sim/bench/machine-clock.ts";
import { measurePipeline } from "../../sim/bench/pipeline.ts";

/** Bytes in 2 M samples: more than the gateway and the kernel hold for one client. */
const UNREAD_SAMPLES = 2_000_000;

test("the pipeline has no figure when its client lagged", async () => {
  let message = "";
  try {
    await measurePipeline({
      detectors: false,
      warmUpSeconds: 0,
      seconds: 0,
      ahead: Number.POSITIVE_INFINITY,
      async running(client, { partition }) {
        // Of several signals Deno's `client.kill` sends the first only.
        process.kill(client.pid!, "SIGSTOP");
        const until = partition.core.samples + UNREAD_SAMPLES;
        while (partition.core.samples < until) await new Promise((resolve) => setImmediate(resolve));
        process.kill(client.pid!, "SIGCONT");
      },
    });
  } catch (error) {
    message = (error as Error).message;
  }
  assert.match(message, /Cannot report a figure: it received \d+ of \d+ samples, .* lagged \d+ times/);
  assert.match(message, /expected a client that receives every sample in order and never lags/);
});

test("the pipeline reports what its client received, which is every sample", async () => {
  const { rate, received } = await measurePipeline({ detectors: false, warmUpSeconds: 0, seconds: 1 });
  assert.ok(rate > 0 && received.samples > 0);
  assert.equal([received.lagging, received.missed, received.outOfOrder], [0, 0, 0]);
});

for (const [kind, clients] of [
  ["push", 1],
  ["echo", 1],
  ["system", 3],
] as const)
  test(`latency of ${kind}: every frame arrives, and counted from its due time no frame is faster`, async () => {
    const { offered, due, written, bytesPerFrame } = await oneRun({ kind, load: LOAD }, clients);
    assert.ok(offered.p50 > 0 && offered.p50 <= offered.p99);
    assert.ok(due.p50 >= offered.p50 && due.p99 >= offered.p99);
    assert.is(written === null, kind !== "system");
    assert.ok(bytesPerFrame > 100, "a samples message with 16 samples");
  });

test("latency has no figure when a frame is missing or out of order", () => {
  const all = { frames: 10, bytes: 100, outOfOrder: 0, lagging: 0 };
  checkReceived(all, 10, "system");
  assert.throws(
    () => checkReceived({ ...all, frames: 9, lagging: 1 }, 10, "system"),
    /Cannot report a figure: the client of system received 9 of 10 frames, .* lagged 1 times/,
  );
  assert.throws(() => checkReceived({ ...all, outOfOrder: 1 }, 10, "system"), /1 out of order/);
});

test("latency has no figure when one of the further clients lagged", () => {
  checkCrowd(0);
  assert.throws(
    () => checkCrowd(2),
    /Cannot report a figure: they lagged 2 times; expected further clients that keep up/,
  );
});

test("a frame that is offered late was due at its time: a stall counts for every frame that it delayed", async () => {
  const { due, offered } = await onSchedule(LOAD, 0.1, (frame) => {
    // The loop stands still until the times of twenty more frames have passed.
    if (frame === 10) for (const end = machineNowUs() + 20_000; machineNowUs() < end; );
  });
  assert.is(due.length, 100);
  for (let k = 1; k < due.length; k++) assert.ok(Math.abs(due[k]! - due[k - 1]! - 1000) < 1e-3);
  assert.ok(due.every((time, k) => offered[k]! >= time - 1e-3));
  assert.ok(offered[11]! - due[11]! > 18_000, "the next frame was due 19 ms before it was offered");
});

// ---- given --------------------------------------------------------------------------------------------------------

const LOAD = { framesPerSecond: 1000, samplesPerFrame: 16, channels: 16 };

async function oneRun(options: SenderOptions, clients: number): Promise<LatencyRun> {
  const folder = await mkdtemp(join(tmpdir(), "eigenwatch-latency-"));
  const link = await Link.open(options, clients, folder);
  try {
    return await link.run(0.2);
  } finally {
    await link.close();
    await rm(folder, { recursive: true });
  }
}

test.run();
