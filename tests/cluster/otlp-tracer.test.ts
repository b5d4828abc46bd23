// runtime: either
/** Which spans are measured, and what a collector that is not there costs. tests/program/cluster.test.ts has one that is there. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "../../actors/bus/nats-server.ts";
import { OtlpTracer } from "../../collab/live/otlp-tracer.ts";
import { createManualClock } from "../support/clock.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

test("a trace goes on from a span that is sampled, and from no other text", () => {
  const clock = createManualClock();
  const tracer = new OtlpTracer({ url: "http://127.0.0.1", share: 1, instance: "a", clock, log: () => {} });
  const span = tracer.resume("x", `00-${TRACE}-${SPAN}-01`)!;
  assert.match(span.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  assert.match(span.child("y").traceparent, `00-${TRACE}-`);
  for (const text of [`00-${TRACE}-${SPAN}-00`, `01-${TRACE}-${SPAN}-01`, `00-${TRACE}-01`, "", "x"])
    assert.is(tracer.resume("x", text), null, text);
  assert.ok(tracer.begin("x") !== null);
});

test("a node whose share is none begins no trace", () => {
  const clock = createManualClock();
  const tracer = new OtlpTracer({ url: "http://127.0.0.1", share: 0, instance: "a", clock, log: () => {} });
  for (let k = 0; k < 1_000; k++) assert.is(tracer.begin("x"), null);
});

test("a collector that cannot be reached costs the spans and one line", async () => {
  const said: string[] = [];
  const url = `http://127.0.0.1:${await freePort()}`;
  const clock = createManualClock();
  const tracer = new OtlpTracer({ url, share: 1, instance: "a", clock, log: (line) => said.push(line) });
  for (let k = 0; k < 3; k++) tracer.begin("x")!.end();
  await tracer.close();
  tracer.begin("x")!.end();
  await tracer.close();
  assert.is(said.length, 1);
  assert.match(said[0]!, `3 spans are lost: ${url}/v1/traces cannot be reached`);
});

test.run();
