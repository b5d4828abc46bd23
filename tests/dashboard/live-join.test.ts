// runtime: either
/** The page's data behind a real gateway: what charts draw is what was measured, also over the joins of past and live samples. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Columns } from "../../collab/charts/columns.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { PartitionStream } from "../../collab/dashboard/sources/partition-stream.ts";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { condition } from "../support/condition.ts";
import { FakeSession, START_US } from "../support/fake-session.ts";
import { createProgramSessionClient } from "../support/program-client.ts";

const ROW_US = 100_000;
const COLUMN_US = 500_000;
const SPAN_US = 60_000_000;

test("a page that opens, and opens again after a long break, draws every extreme once and at its place", () =>
  onPage(async ({ session, model, client, until }) => {
    const values: number[] = [];
    const measure = (rows: number): void => {
      for (let k = 0; k < rows; k++) {
        // Spikes of one sample, in other columns each time.
        const value = values.length % 37 === 0 ? 1_000 + values.length : Math.sin(values.length);
        session.nowUs = START_US + ROW_US * values.length;
        session.measure("a", [[session.nowUs - START_US, 0, value]]);
        values.push(value);
      }
    };
    const isDrawn = async (): Promise<void> => {
      await until(() => model.channelsByKey.get("a/x")?.series.lastValue === values.at(-1));
      assert.equal(drawn(model, values.length), counted(values));
    };
    session.declare("a", ["x"]);
    measure(1_200);
    client.start();
    await isDrawn();
    measure(50);
    await isDrawn();
    client.stop();
    measure(100);
    client.start();
    measure(1);
    await isDrawn();
    client.stop();
    measure(1_500);
    client.start();
    await isDrawn();
    measure(50);
    await isDrawn();
    assert.ok(model.samples < 400, `${model.samples} samples came one by one`);
  }));

/** Extremes of the columns of the last minute. */
function counted(values: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const [from, to] of columnsOf(values.length)) {
    const own = values.slice(from, to);
    found.push([Math.min(...own), Math.max(...own)]);
  }
  return found;
}

function drawn(model: Model, rows: number): [number, number][] {
  const columns = new Columns(COLUMN_US, 1_000);
  model.channelsByKey.get("a/x")!.series.fill(columns, 0, Number.POSITIVE_INFINITY);
  return columnsOf(rows).map(([from]) => {
    const column = columns.columnOf(START_US + from * ROW_US);
    return [columns.low(column), columns.high(column)];
  });
}

/** Rows of each whole column of the last minute, the last one excluded. */
function columnsOf(rows: number): [number, number][] {
  const each = COLUMN_US / ROW_US;
  const last = Math.floor(rows / each);
  const first = last - SPAN_US / COLUMN_US;
  return Array.from({ length: last - first }, (_, k) => [(first + k) * each, (first + k + 1) * each]);
}

interface Page {
  session: FakeSession;
  model: Model;
  client: { start(): void; stop(): void };
  until(holds: () => boolean): Promise<void>;
}

async function onPage(act: (page: Page) => Promise<void>): Promise<void> {
  const session = new FakeSession();
  session.framesKept = 10_000;
  const gateway = await createGateway({ sessions: [session] });
  const { fetch } = globalThis;
  globalThis.fetch = ((path: string) => fetch(new URL(path, urlOf(gateway)))) as typeof globalThis.fetch;
  const { look, until } = condition();
  class Watched extends Model {
    override frame(...frame: Parameters<Model["frame"]>): void {
      super.frame(...frame);
      look();
    }
    override past(...past: Parameters<Model["past"]>): void {
      super.past(...past);
      look();
    }
  }
  const model = new Watched();
  const client = createProgramSessionClient({
    url: urlOf(gateway),
    joined: (partition, connection) =>
      new PartitionStream(partition, connection, model, SPAN_US, () => []).handlers,
  });
  try {
    await act({ session, model, client, until });
  } finally {
    client.stop();
    globalThis.fetch = fetch;
    await gateway.close();
  }
}

function urlOf(gateway: Gateway): string {
  return `http://127.0.0.1:${gateway.port}/`;
}

test.run();
