/** Lines of a filter leave by themselves in the next turn, and a stream that fails says so. */
import { Writable } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LineWriter } from "../../actors/filters/lines.ts";

test("lines of one turn leave together in the next one, turn after turn", async () => {
  const written: string[] = [];
  const writer = new LineWriter(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        done();
      },
    }),
  );
  for (const turn of [1, 2, 3]) {
    writer.write(`a${turn}`);
    writer.write(`b${turn}`);
    assert.is(written.length, turn - 1);
    await nextTurns();
    assert.is(written.at(-1), `a${turn}\nb${turn}\n`);
  }
});

test("a stream that fails is named with its reason when what was written is waited for", async () => {
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error("no space left")) });
  const writer = new LineWriter(full, "the report");
  writer.write("a");
  const error = await writer.flush().catch((reason: Error) => reason);
  assert.match((error as Error).message, "Cannot write to the report: no space left");
  assert.ok(writer.closed);
});

async function nextTurns(): Promise<void> {
  for (let k = 0; k < 3; k++) await new Promise((resolve) => setImmediate(resolve));
}

test.run();
