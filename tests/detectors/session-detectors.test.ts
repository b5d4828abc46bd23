// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { feedWatcher } from "../../actors/detectors/feed-watcher/detector.ts";
import { monitor as monitorDefinition } from "../../actors/detectors/monitor/detector.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { groupOf } from "../support/rows.ts";

const SECOND = 1_000_000;

function measured(gauges: Record<string, number>) {
  return { type: "measurement", gauges } as const;
}

function monitor(): ActorHarness {
  return new ActorHarness(monitorDefinition, { monitor: { degradedLatencyUs: 10_000 } }, groupOf(1));
}

test("monitor is degraded by a latency that stays high, not by one slow measurement", () => {
  const actor = monitor();
  [20_000, 1000, 20_000, 20_000].forEach((latencyP99Us, k) => {
    actor.input(measured({ latencyP99Us }), k * SECOND);
  });
  assert.is(actor.state, "normal");
  actor.input(measured({ latencyP99Us: 20_000 }), 4 * SECOND);
  assert.is(actor.state, "degraded");
  assert.is(actor.events[0]!.detail!["reason"], "latency");
});

test("monitor recovers only well below the limit and reports how long it was degraded", () => {
  const actor = monitor();
  let now = 0;
  const measure = (latencyP99Us: number, times: number) => {
    for (let k = 0; k < times; k++) {
      now += SECOND;
      actor.input(measured({ latencyP99Us }), now);
    }
  };
  measure(20_000, 3);
  measure(8000, 20);
  assert.is(actor.state, "degraded");
  measure(4000, 5);
  assert.equal(actor.kinds(), ["monitor.degraded", "monitor.recovered"]);
  assert.is(actor.events[1]!.detail!["degradedForUs"], 25 * SECOND);
});

test("monitor treats steady shedding as strain", () => {
  const shedding = monitor();
  for (let k = 0; k < 3; k++) shedding.input(measured({ shed: 5 }), k * SECOND);
  assert.is(shedding.events[0]?.detail?.["reason"], "shedding");
  assert.is(shedding.events[0]?.detail?.["shed"], 5);
});

test("monitor accepts measurements without gauges", () => {
  const actor = monitor();
  for (let k = 0; k < 10; k++) actor.input(measured({}), k * SECOND);
  assert.equal(actor.kinds(), []);
});

test("feed watcher announces reports of feeds and their bad samples", () => {
  const actor = new ActorHarness(feedWatcher, {}, groupOf(1));
  const status = (
    status: "opened" | "gap" | "failed" | "running",
    counts: Record<string, number>,
    detail = "",
  ) => ({ type: "feedStatus", source: "disk", status, detail, counts }) as const;
  actor.input(status("opened", {}), 0);
  actor.input(status("gap", { gap: 1 }, "3 rows"), SECOND);
  actor.input(status("running", { nan: 2, backward: 1, duplicate: 5 }), 2 * SECOND);
  actor.input(status("running", { nan: 4 }), 3 * SECOND);
  actor.input(status("failed", { nan: 1 }, "no such file"), 4 * SECOND);
  assert.equal(actor.kinds(), ["feed.gap", "feed.bad-samples", "feed.bad-samples", "feed.failed"]);
  assert.is(actor.events[1]!.detail!["bad"], 3);
  assert.is(actor.events[1]!.detail!["reasons"], "nan 2, backward 1");
  assert.is(actor.events[2]!.detail!["bad"], 5);
  actor.fireTimers(62 * SECOND);
  assert.is(actor.events.length, 4);
});

test("bad samples that are announced together keep each its reason, and what the feeds said of the first ones", () => {
  const actor = new ActorHarness(feedWatcher, {}, groupOf(1));
  const says = (source: string, counts: Record<string, number>, detail: string, at: number) =>
    actor.input({ type: "feedStatus", source, status: "running", detail, counts }, at * SECOND);
  says("statsd", { unparsable: 1 }, "line 1 has no value", 1);
  assert.match(
    actor.events[0]!.title,
    "1 sample of statsd was missing, unusable or out of order (unparsable 1): line 1 has no value",
  );
  says("statsd", { tooManyChannels: 900 }, "900 series are left out: label path has 900 values", 2);
  says("otlp", { nameTooLong: 1 }, "nnn… has 5000 characters", 3);
  says("statsd", { tooManyChannels: 100 }, "100 tooManyChannels", 4);
  says("otlp", { nameTooLong: 1, infinite: 2 }, "1 nameTooLong, 2 infinite", 5);
  actor.fireTimers(62 * SECOND);
  const { detail } = actor.events[1]!;
  assert.is(detail!["bad"], 1004);
  assert.is(detail!["reasons"], "tooManyChannels 1000, nameTooLong 2, infinite 2");
  assert.is(detail!["text"], "900 series are left out: label path has 900 values; nnn… has 5000 characters");
});

test.run();
