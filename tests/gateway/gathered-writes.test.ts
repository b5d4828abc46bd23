/** Writes of one turn leave together, in their order, and none is lost when the socket ends. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BYTES_MAX, gatherWrites } from "../../collab/gateway/gathered-writes.ts";

test("writes of one turn are one call of the system, those of the next turn another", async () => {
  const { ours, calls, received, close } = await pair();
  gatherWrites(ours);
  for (const text of ["a", "b", "c"]) ours.write(text);
  assert.is(calls(), 0, "nothing leaves before the turn has ended");
  await received("abc");
  assert.is(calls(), 1);
  ours.write(Buffer.from("d"));
  await received("abcd");
  assert.is(calls(), 2);
  await close();
});

test("who gathers twice gathers once", async () => {
  const { ours, calls, received, close } = await pair();
  gatherWrites(ours);
  gatherWrites(ours);
  ours.write("a");
  ours.write("b");
  await received("ab");
  assert.is(calls(), 1);
  await close();
});

test("[E1] what was gathered leaves before the end", async () => {
  const { ours, received, ended, close } = await pair();
  gatherWrites(ours);
  ours.write("a");
  ours.write("b");
  ours.end("c");
  await received("abc");
  await ended;
  await close();
});

// A socket of Deno that is destroyed drops what was written in the same turn, gathered or not.
if (!("Deno" in globalThis))
  test("[E1] what was gathered leaves before the socket is destroyed", async () => {
    const { ours, received, close } = await pair();
    gatherWrites(ours);
    ours.write("a");
    ours.write("b");
    ours.destroy();
    await received("ab");
    await close();
  });

test("[E2] a client that does not read holds back its writer, and then gets all in order", async () => {
  const { ours, theirs, received, close } = await pair();
  gatherWrites(ours);
  theirs.pause();
  const chunks: string[] = [];
  // Buffers of the system hold some megabytes.
  do {
    const chunk = String(chunks.length % 10).repeat(BYTES_MAX);
    chunks.push(chunk);
    ours.write(chunk);
    await turn();
  } while (ours.writableLength < 10 * BYTES_MAX && chunks.length < 1_000);
  assert.ok(ours.writableLength >= 10 * BYTES_MAX, "the writer sees what is not written");
  theirs.resume();
  await received(chunks.join(""));
  assert.is(ours.writableLength, 0);
  await close();
});

test("a write that fails closes the socket", async () => {
  const { ours, close } = await pair();
  ours._writev = (_chunks, done) => done(new Error("no more"));
  gatherWrites(ours);
  const failed = once(ours, "error");
  ours.write("a");
  const [error] = await failed;
  assert.is((error as Error).message, "no more");
  assert.is(ours.destroyed, true);
  await close();
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Two ends of a connection, of which the calls to write are counted at ours. */
async function pair() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connected = once(server, "connection");
  const theirs = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [ours] = (await connected) as [Socket];
  let calls = 0;
  const { _writev } = ours;
  ours._writev = (chunks, done) => {
    calls++;
    _writev!.call(ours, chunks, done);
  };
  let text = "";
  let told = (): void => {};
  theirs.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    told();
  });
  const ended = once(theirs, "end");
  ended.catch(() => {});
  return {
    ours,
    theirs,
    ended,
    calls: () => calls,
    /** Resolves when exactly this has come, all in all. */
    async received(expected: string): Promise<void> {
      while (text.length < expected.length) await new Promise<void>((resolve) => (told = resolve));
      assert.ok(text === expected, `${text.length} characters, as they were written`);
    },
    async close(): Promise<void> {
      ours.destroy();
      theirs.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.run();
