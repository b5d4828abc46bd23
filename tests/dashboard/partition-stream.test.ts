// runtime: either
/** What reaches the model when a recording moves, with a gateway that answers when the test says so. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Client } from "../../collab/client.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { PartitionStream } from "../../collab/dashboard/sources/partition-stream.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import { packMessages } from "../../protocol/packed-messages.ts";

const SECOND = 1_000_000;
const T = 1_767_225_600 * SECOND;

test("[M1] a recording that moves shows what it showed until the past of the new place is there, then that and what came meanwhile, each sample once", () =>
  onPage(async ({ model, handlers, answer }) => {
    deliver(handlers, 1, T, 5);
    const before = model.headUs;
    handlers.rewound!({ type: "rewound", timeUs: T + 60 * SECOND, cursors: { input: 60, event: 0 } });
    for (const input of [61, 62, 63]) deliver(handlers, input, T + input * SECOND, input);
    assert.equal([model.headUs, valuesOf(model)], [before, [5]], "the picture of before");
    // The past has the first of what came meanwhile.
    await answer(61, [
      [T + 60 * SECOND, 60],
      [T + 61 * SECOND, 61],
    ]);
    assert.is(model.headUs, T + 63 * SECOND);
    assert.equal(valuesOf(model), [62, 63]);
    const { series } = model.channelsByKey.get("g/x")!;
    assert.equal([series.valueBefore(T + 60.5 * SECOND), series.firstUs], [60, T + 60 * SECOND]);
    deliver(handlers, 64, T + 64 * SECOND, 64);
    assert.equal(valuesOf(model), [62, 63, 64]);
  }));

test("[M1] of moves one after the other, only what the last one delivered is shown", () =>
  onPage(async ({ model, handlers, answer }) => {
    deliver(handlers, 1, T, 5);
    handlers.rewound!({ type: "rewound", timeUs: T + 60 * SECOND, cursors: { input: 60, event: 0 } });
    deliver(handlers, 61, T + 61 * SECOND, 61);
    handlers.rewound!({ type: "rewound", timeUs: T + 30 * SECOND, cursors: { input: 30, event: 0 } });
    deliver(handlers, 31, T + 31 * SECOND, 31);
    await answer(60, [[T + 60 * SECOND, 60]]);
    assert.equal(valuesOf(model), [5]);
    await answer(30, [[T + 30 * SECOND, 30]]);
    assert.equal(valuesOf(model), [31]);
    assert.is(model.rewinds.value, 1);
  }));

test("a move whose past does not come shows what was delivered", () =>
  onPage(async ({ model, handlers, answer }) => {
    deliver(handlers, 1, T, 5);
    handlers.rewound!({ type: "rewound", timeUs: T + 60 * SECOND, cursors: { input: 60, event: 0 } });
    deliver(handlers, 61, T + 61 * SECOND, 61);
    await answer(null, []);
    assert.equal([valuesOf(model), model.headUs], [[61], T + 61 * SECOND]);
  }));

test("a connection that breaks during a move begins anew", () =>
  onPage(async ({ model, handlers, answer, asked }) => {
    deliver(handlers, 1, T, 5);
    handlers.rewound!({ type: "rewound", timeUs: T + 60 * SECOND, cursors: { input: 60, event: 0 } });
    deliver(handlers, 61, T + 61 * SECOND, 61);
    welcome(handlers, T + 3_600 * SECOND, 3_600);
    await answer(60, [[T + 60 * SECOND, 60]]);
    assert.is(asked(), 1, "the past of now");
    await answer(3_600, [[T + 3_600 * SECOND, 1]]);
    deliver(handlers, 3_601, T + 3_601 * SECOND, 2);
    assert.equal(valuesOf(model), [2]);
  }));

type Handlers = PartitionStream["handlers"];

function welcome(handlers: Handlers, timeUs: number, input: number): void {
  handlers.welcome!({
    type: "welcome",
    version: 1,
    session: "s",
    partition: "p0",
    server: "test",
    durability: "memory",
    timeUs,
    groups: ["g"],
    cursors: { input, event: 0 },
    limits: { messageBytes: 1, messagesPerSecond: 1, subscriptions: 1, conflateBytes: 1, closeBytes: 1 },
  });
}

/** In one frame for all, as a client decodes them. */
const scratch = {
  type: "frame" as const,
  group: "g",
  source: "s",
  sequence: 1,
  count: 1,
  time: new Float64Array(1),
  channel: new Uint16Array(1),
  value: new Float64Array(1),
  size: null,
};

function deliver(handlers: Handlers, input: number, timeUs: number, value: number): void {
  scratch.time[0] = timeUs;
  scratch.value[0] = value;
  handlers.samples!(scratch, input);
}

function valuesOf(model: Model): number[] {
  const { series } = model.channelsByKey.get("g/x")!;
  return Array.from({ length: series.kept }, (_, k) => series.valueAt(series.written - series.kept + k));
}

/** What is read of a response. */
type Answer = Pick<Response, "ok" | "status" | "arrayBuffer">;

const REFUSED: Answer = { ok: false, status: 503, arrayBuffer: async () => new ArrayBuffer(0) };

function answerOf(bytes: Uint8Array): Answer {
  return { ok: true, status: 200, arrayBuffer: async () => bytes.slice().buffer };
}

interface Page {
  readonly model: Model;
  readonly handlers: Handlers;
  /** Answers the oldest request for the past of a window; null: it fails. */
  answer(input: number | null, samples: readonly (readonly [timeUs: number, value: number])[]): Promise<void>;
  /** Requests for a window that wait. */
  asked(): number;
}

/** On a page that is open and follows the samples. */
async function onPage(act: (page: Page) => Promise<void>): Promise<void> {
  const { fetch } = globalThis;
  let waiting: ((answer: Answer) => void)[] = [];
  globalThis.fetch = ((path: string) =>
    new Promise((resolve) => {
      if (path.includes("only=measures")) resolve(REFUSED);
      else waiting.push(resolve);
    })) as unknown as typeof globalThis.fetch;
  const settled = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  const page: Page = {
    model: new Model(),
    handlers: {},
    asked: () => waiting.length,
    async answer(input, samples) {
      const [oldest, ...others] = waiting;
      waiting = others;
      oldest!(input === null ? REFUSED : answerOf(packed(input, samples)));
      await settled();
    },
  };
  let subscriptions = 0;
  const client = {
    state: { state: "open" },
    eventCursor: { sequence: 0, beginAt() {} },
    subscribe: () => ++subscriptions,
    unsubscribe() {},
    resubscribe() {},
  } as unknown as Client;
  Object.assign(page, {
    handlers: new PartitionStream("p0", client, page.model, 60 * SECOND, () => []).handlers,
  });
  try {
    welcome(page.handlers, T, 0);
    const channels = [{ name: "x", title: "", unit: "" }];
    page.handlers.channels!({
      type: "channels",
      group: "g",
      source: "s",
      everyUs: SECOND,
      sampling: "periodic",
      channels,
    } as unknown as Parameters<NonNullable<Handlers["channels"]>>[0]);
    await page.answer(0, []);
    await act(page);
  } finally {
    globalThis.fetch = fetch;
  }
}

function packed(input: number, samples: readonly (readonly [timeUs: number, value: number])[]): Uint8Array {
  const rows = new IntervalRows(SECOND / 2);
  for (const [timeUs, value] of samples) rows.push((2 * timeUs) / SECOND, 0, value, value, value, 1);
  return packMessages([
    encodeMessage({ type: "subscribed", id: 0, channel: "samples", after: input, complete: true }),
    ...rows.decimated(0, null, { group: "g", inputSequence: input }),
  ]);
}

test.run();
