/** Samples that programs push to a gateway: what is answered, what is in the log, and what is refused. */
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { inputs } from "../../actors/log/read.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { pushCommands } from "../../collab/live/push-commands.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import {
  MAX_FRAME_SAMPLES,
  MAX_GROUP_CHANNELS,
  MAX_INGEST_BYTES,
  MAX_INGEST_GROUPS,
} from "../../protocol/limits.ts";
import { holdable } from "../support/held-journal.ts";
import { openPartition } from "../support/open-partition.ts";
import { type Answer, ask, errorOf, withGateway } from "./http.ts";

const JSON_TYPE = "application/json";
/** Of rows: a moment ago. */
const AT_US = systemClock.nowUs() - 60_000_000;

test("[N1] rows in each form are answered with their number, and are in the log", async () => {
  const { push, frames, close } = await session();
  const first = { time: AT_US, t: 20.5, p: 3 };
  const second = { time: AT_US + 1_000, t: 21, p: null };
  const both = [
    [AT_US, "t", 20.5],
    [AT_US, "p", 3],
    [AT_US + 1_000, "t", 21],
  ];
  const forms: [type: string, body: string | Uint8Array][] = [
    [JSON_TYPE, JSON.stringify([first, second])],
    ["application/x-ndjson; charset=utf-8", `${JSON.stringify(first)}\n${JSON.stringify(second)}\n`],
    ["application/msgpack", encode([first, second])],
  ];
  for (const [k, [type, body]] of forms.entries()) {
    const answer = await push(`form${k}`, body, { type });
    assert.is(answer.status, 200, answer.body);
    assert.equal(answer.json(), { source: `form${k}`, group: `form${k}`, rows: 2, accepted: 3 });
    assert.equal((await frames()).at(-1), {
      source: `ingest:form${k}`,
      sequence: 0,
      group: `form${k}`,
      samples: both,
    });
  }
  const zipped = await push("zipped", gzipSync(JSON.stringify([first, second])), { encoding: "gzip" });
  assert.is(zipped.status, 200, zipped.body);
  assert.equal((await frames()).at(-1)!.samples, both);
  const line = `cpu,host=a usage=12.5,steps=3i ${AT_US}000`;
  assert.is((await push("agents?source=telegraf", line, { type: "text/plain" })).status, 200);
  assert.equal((await frames()).at(-1), {
    source: "ingest:telegraf",
    sequence: 0,
    group: "agents",
    samples: [
      [AT_US, 'cpu.usage{host="a"}', 12.5],
      [AT_US, 'cpu.steps{host="a"}', 3],
    ],
  });
  assert.is((await push("one%20group", { "°C": 1 })).status, 200);
  assert.is((await frames()).at(-1)!.group, "one group");
  await close();
});

test("[N1] a push is answered after the journal has acknowledged it, and with 503 when it never does", async () => {
  const { push, journal, gateway, close } = await session();
  let release = journal.hold();
  let isAnswered = false;
  const answer = push("plant", { t: 1 });
  void answer.then(() => {
    isAnswered = true;
  });
  await journal.reached();
  // Whoever asks now is answered, so an answer that does not wait would have come too.
  await ask(gateway, "/healthz");
  assert.not.ok(isAnswered);
  release();
  assert.is((await answer).status, 200);
  release = journal.hold();
  const failing = push("plant", { t: 2 });
  await journal.reached();
  release(new Error("disk full"));
  assert.is((await failing).status, 503);
  assert.match(errorOf(await failing).value, /disk full/);
  await close();
});

test("[N2] a repeat of a numbered push is answered as the first time and counts once; a refused push uses no number", async () => {
  const { push, gateway, frames, close } = await session();
  const numbered = (sequence: number, body: unknown) => push(`plant?source=plc&sequence=${sequence}`, body);
  for (const [k, t] of [20, 21].entries()) assert.is((await numbered(k + 1, { t })).status, 200);
  const [once, again] = [await numbered(3, { t: 22 }), await numbered(3, { t: 22 })];
  assert.equal(once.json(), { source: "plc", group: "plant", sequence: 3, rows: 1, accepted: 1 });
  assert.equal(again.json(), once.json());
  assert.equal(
    [once, again].map(({ headers }) => headers["idempotent-replayed"]),
    [undefined, "true"],
  );
  const ahead = await numbered(5, { t: 24 });
  assert.is(ahead.status, 409);
  assert.equal(errorOf(ahead).expected, "4, for the log has 3");
  assert.is((await numbered(2, { other: 1 })).status, 409, "no repeat has other channels");
  assert.is((await numbered(4, { t: "warm" })).status, 400);
  assert.is((await numbered(4, { t: null })).status, 400, "nothing to number");
  assert.is((await numbered(4, { t: 23 })).status, 200);
  const place = await ask(gateway, "/api/ingest/plant?source=plc");
  assert.equal(place.json(), { source: "plc", group: "plant", sequence: 4 });
  assert.equal(
    (await frames()).map(({ sequence, samples }) => [sequence, samples[0]![2]]),
    [20, 21, 22, 23].map((t, k) => [k + 1, t]),
  );
  const metrics = (await ask(gateway, "/metrics")).body;
  assert.match(metrics, /^eigenwatch_gateway_pushes_total\{result="taken"\} 4$/m);
  assert.match(metrics, /^eigenwatch_gateway_pushes_total\{result="repeated"\} 1$/m);
  assert.match(metrics, /^eigenwatch_gateway_pushed_samples_total 4$/m);
  assert.match(metrics, /^eigenwatch_gateway_pushes_refused_total\{reason="conflict"\} 2$/m);
  assert.match(metrics, /^eigenwatch_gateway_pushes_refused_total\{reason="input"\} 2$/m);
  await close();
});

test("[N3] numbered pushes that are sent ahead on one connection are taken and answered in their order", async () => {
  const { gateway, frames, close } = await session();
  const count = 40;
  const requests = Array.from({ length: count }, (_, k) => {
    const body = JSON.stringify({ t: k });
    const last = k === count - 1 ? "connection: close\r\n" : "";
    return (
      `POST /api/ingest/plant?sequence=${k + 1} HTTP/1.1\r\nhost: 127.0.0.1:${gateway.port}\r\n${last}` +
      `content-type: ${JSON_TYPE}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    );
  });
  const socket = connect(gateway.port, "127.0.0.1");
  const sent = requests.join("");
  // Most pieces end within a request, some within its body.
  for (let from = 0; from < sent.length; from += 401) {
    socket.write(sent.slice(from, from + 401));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const answered = [...text.matchAll(/"sequence":(\d+),/g)].map(([, sequence]) => Number(sequence));
  assert.equal(
    answered,
    Array.from({ length: count }, (_, k) => k + 1),
  );
  assert.equal(
    (await frames()).map(({ samples }) => samples[0]![2]),
    Array.from({ length: count }, (_, k) => k),
  );
  await close();
});

test("[N3] what takes longer to read holds back what was sent behind it on its connection, and what is refused holds back nothing", async () => {
  const { gateway, frames, close } = await session();
  const request = (k: number, type: string, encoding: string, body: Buffer, last = ""): Buffer =>
    Buffer.concat([
      Buffer.from(
        `POST /api/ingest/plant?sequence=${k} HTTP/1.1\r\nhost: 127.0.0.1:${gateway.port}\r\n${last}` +
          `content-type: ${type}\r\n${encoding}content-length: ${body.length}\r\n\r\n`,
      ),
      body,
    ]);
  const plain = (k: number): Buffer => Buffer.from(JSON.stringify({ t: k }));
  const zipped = (k: number): Buffer => gzipSync(JSON.stringify({ t: k }));
  const gzip = "content-encoding: gzip\r\n";
  const socket = connect(gateway.port, "127.0.0.1");
  socket.write(
    Buffer.concat([
      request(1, JSON_TYPE, gzip, zipped(1)),
      request(2, JSON_TYPE, "", plain(2)),
      request(3, JSON_TYPE, gzip, Buffer.from("no gzip")),
      request(3, JSON_TYPE, "content-encoding: br\r\n", plain(3)),
      request(3, JSON_TYPE, "", plain(3)),
      request(4, JSON_TYPE, gzip, zipped(4)),
      request(5, JSON_TYPE, "", plain(5), "connection: close\r\n"),
    ]),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const statuses = [
    ...Buffer.concat(chunks)
      .toString("utf8")
      .matchAll(/HTTP\/1\.1 (\d+)/g),
  ];
  assert.equal(
    statuses.map(([, status]) => status),
    ["200", "200", "400", "415", "200", "200", "200"],
  );
  assert.equal(
    (await frames()).map(({ samples }) => samples[0]![2]),
    [1, 2, 3, 4, 5],
  );
  await close();
});

test("[U3] pushes with one key count once, also at the same time, and what was refused may come again", async () => {
  const { push, frames, close } = await session();
  const keyed = (key: string, body: unknown, query = "") => push(`plant${query}`, body, { key });
  const answers = await Promise.all([keyed("a", { t: 1 }), keyed("a", { t: 1 })]);
  assert.equal(answers[0]!.json(), answers[1]!.json());
  assert.equal(answers.filter(({ headers }) => headers["idempotent-replayed"] === "true").length, 1);
  assert.is((await keyed("b", { "\u202e": 1 })).status, 400);
  assert.is((await keyed("b", { t: 2 })).status, 200);
  assert.is(
    (await keyed("a", { t: 1 }, "?source=other")).status,
    400,
    "the key of another source, whose group it is not",
  );
  assert.is((await keyed("c", { t: 1 }, "?sequence=1")).status, 400, "both");
  assert.is((await keyed("x".repeat(129), { t: 1 })).status, 400);
  assert.is((await frames()).length, 2);
  await close();
});

test("[U1] a push with one bad row is refused whole, with the row and what was expected", async () => {
  const { push, frames, close } = await session();
  const refused: [body: unknown, value: RegExp, expected: RegExp][] = [
    [[{ t: 1 }, { t: "warm" }], /^row 2: "t" is "warm"$/, /a number, or null/],
    [{ "\u202eevil": 1 }, /^channel /, /visible text/],
    [[], /^none$/, /a number in at least one row/],
    ["{", /JSON/, /JSON/],
  ];
  for (const [body, value, expected] of refused) {
    const answer = await push("plant", body);
    assert.is(answer.status, 400, answer.body);
    assert.match(errorOf(answer).value, value);
    assert.match(errorOf(answer).expected, expected);
  }
  assert.equal(await frames(), []);
  await close();
});

test("a push with a parameter that is none is refused, for with a misspelt number each repeat would count", async () => {
  const { push, frames, close } = await session();
  const answer = await push("climate?source=a&sequense=1", { t: 1 });
  assert.is(answer.status, 400);
  assert.equal(errorOf(answer), {
    action: 'read parameter "sequense"',
    value: "there is none of this name",
    expected: "perhaps sequence",
    kind: "usage",
  });
  assert.equal(await frames(), []);
  await close();
});

test("limits are named: 413 for what is too large, 400 for what a session has no room for, 415, 429", async () => {
  const { push, partition, close } = await session();
  const says = async (answer: Promise<Answer>, status: number, limit: string): Promise<void> => {
    assert.is((await answer).status, status, (await answer).body);
    assert.match(errorOf(await answer).expected, limit);
  };
  await says(push("g", { ["x".repeat(MAX_INGEST_BYTES)]: 1 }), 413, "ingestBytesMax");
  await says(push("g", Array(MAX_FRAME_SAMPLES + 1).fill({ x: 1 })), 413, "MAX_FRAME_SAMPLES");
  const wide = Object.fromEntries(Array.from({ length: MAX_GROUP_CHANNELS + 1 }, (_, k) => [`c${k}`, k]));
  await says(push("g", wide), 400, "MAX_GROUP_CHANNELS");
  await says(push(`g?source=${"s".repeat(129)}`, { x: 1 }), 400, "bytes");
  await says(push("g", "x=1", { type: "application/x-www-form-urlencoded" }), 415, "application/x-ndjson");
  await says(push("g", { x: 1 }, { encoding: "br" }), 415, "gzip, or none");
  await says(push("g", { x: 1 }, { encoding: "gzip" }), 400, "a body in gzip");
  const bomb = gzipSync(JSON.stringify({ x: 1, ["y".repeat(MAX_INGEST_BYTES)]: 2 }));
  assert.ok(bomb.length < 1_000);
  await says(push("g", bomb, { encoding: "gzip" }), 413, "ingestBytesMax");
  for (let k = 1; k <= MAX_INGEST_GROUPS; k++)
    assert.is((await push(`g${k}?source=s`, { x: 1 })).status, 200);
  await says(push("further?source=s", { x: 1 }), 400, "MAX_INGEST_GROUPS");
  const busy = await createGateway({
    sessions: [partition],
    limits: { pushesBurst: 2, pushesPerSecond: 1 },
    nowMs: () => 0,
  });
  const pushes = [1, 2, 3].map((x) => pushTo(busy, "g1?source=s", { x }));
  assert.equal((await Promise.all(pushes)).map(({ status }) => status).sort(), [200, 200, 429]);
  await says(pushTo(busy, "g1?source=s", { x: 4 }), 429, "pushesPerSecond");
  assert.is((await pushTo(busy, "g1?source=s", { x: 4 })).headers["retry-after"], "1");
  assert.is((await ask(busy, "/api/sessions")).status, 200, "other requests have a rate of their own");
  await busy.close();
  await close();
});

test("[U4] what the disk leaves no room for is answered with 503, and what was answered with 200 is in the log", async () => {
  const { push, partition, journal, frames, close } = await session();
  const release = journal.hold();
  let refused: EigenwatchError | null = null;
  const pushed: Promise<boolean>[] = [];
  for (let k = 0; refused === null; k++) {
    const isTaken = carryOut(partition, "editor", rowsAt(AT_US + k * 128_000)).then(
      () => true,
      (error: EigenwatchError) => {
        refused = error;
        return false;
      },
    );
    pushed.push(isTaken);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const { kind, value } = refused as EigenwatchError;
  assert.equal([kind, value], ["unavailable", "none of 2048 samples was taken: journal behind"]);
  const answer = await push("plant", { c0: 1 });
  assert.is(answer.status, 503);
  assert.is(answer.headers["retry-after"], "1");
  assert.match(errorOf(answer).value, /^none of 1 samples was taken/);
  release();
  const answered = (await Promise.all(pushed)).filter(Boolean).length;
  assert.is(answered, pushed.length - 1);
  assert.is((await push("plant", { c0: 1 })).status, 200, "there is room again");
  assert.is((await frames()).length, answered + 1);
  await close();
});

test("a viewer, a stranger and a page of another site push nothing", async () => {
  const { partition, push, close } = await session();
  const denied = await carryOut(partition, "viewer", rowsAt(AT_US)).then(
    () => null,
    (error: EigenwatchError) => error,
  );
  assert.is(denied?.kind, "denied");
  const guarded = await createGateway({ sessions: [partition], token: "a-token-of-enough-letters" });
  assert.is((await pushTo(guarded, "plant", { t: 1 })).status, 401);
  const authorization = "Bearer a-token-of-enough-letters";
  assert.is((await pushTo(guarded, "plant", { t: 1 }, { authorization })).status, 200);
  await guarded.close();
  const foreign = { type: "text/plain", origin: "https://evil.example" };
  assert.is((await push("plant", "plant t=1", foreign)).status, 403);
  await close();
});

test("a session that takes no pushes says which do", () =>
  withGateway({}, async (gateway) => {
    const answer = await pushTo(gateway, "plant", { t: 1 });
    assert.is(answer.status, 404);
    assert.match(errorOf(answer).expected, "a live session");
  }));

// ---- given ------------------------------------------------------------------------------------------------------

interface PushHeaders {
  readonly type?: string;
  readonly key?: string;
  readonly encoding?: string;
  readonly origin?: string;
  readonly authorization?: string;
}

/** A body that is neither text nor bytes is sent as JSON. */
function pushTo(gateway: Gateway, place: string, body: unknown, headers: PushHeaders = {}): Promise<Answer> {
  const { type = JSON_TYPE, key, encoding, ...others } = headers;
  return ask(gateway, `/api/ingest/${place}`, {
    method: "POST",
    headers: {
      "content-type": type,
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      ...others,
    },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
}

function carryOut(partition: Partition, authorRole: "viewer" | "editor", rows: ReturnType<typeof rowsAt>) {
  return partition.commands.carryOut(
    { name: "pushSamples", body: { group: "plant", source: "plant", rows } },
    { author: "a test", authorId: "test", authorRole },
    new AbortController().signal,
  );
}

/** As many samples as a push may have: 256 rows of 8 channels, half a millisecond apart. */
function rowsAt(fromUs: number) {
  return Array.from({ length: MAX_FRAME_SAMPLES / 8 }, (_, row) => ({
    timeUs: fromUs + row * 500,
    samples: Array.from({ length: 8 }, (_, k): [string, number] => [`c${k}`, row + k]),
  }));
}

/** A live session to which programs push, and its gateway. */
async function session() {
  const journal = holdable(createMemoryJournal());
  const partition = await openPartition({
    journal,
  });
  partition.commands.handle(pushCommands(partition));
  const gateway = await createGateway({ sessions: [partition] });
  return {
    gateway,
    partition,
    journal,
    push: (place: string, body: unknown, headers?: PushHeaders) => pushTo(gateway, place, body, headers),
    /** All frames of the log. */
    async frames() {
      const names = (group: string) => partition.core.declarationOf(group)!.channels.map(({ name }) => name);
      const found: {
        source: string;
        sequence: number;
        group: string;
        samples: [number, string, number][];
      }[] = [];
      for await (const { input } of inputs(journal)) {
        if (input.type !== "frame") continue;
        const { source, sequence, group, count, time, channel, value } = input;
        const samples = Array.from({ length: count }, (_, k): [number, string, number] => [
          time[k]!,
          names(group)[channel[k]!]!,
          value[k]!,
        ]);
        found.push({ source, sequence, group, samples });
      }
      return found;
    },
    async close() {
      await gateway.close();
      await partition.close().catch(() => {});
    },
  };
}

test.run();
