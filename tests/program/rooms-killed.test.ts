// runtime: either
/**
 * A program with a shared document that is killed soon after an acknowledgement: what came back to its author is there after the next start,
 * and is listed.
 */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { changeMessage, readRoomMessage } from "../../collab/rooms/wire.ts";
import { Replica, setsThreshold, threshold } from "../rooms/edits.ts";
import { condition } from "../support/condition.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

/** Between the last acknowledgement and the kill: also where a program that writes later has not written yet. */
const KILLED_AFTER_MS = [0, 100, 600, 1_600];
const ROUNDS = KILLED_AFTER_MS.length;
const EDITS = 20;

test("nothing that was acknowledged is lost when the program is killed at once, or 0.1, 0.6 or 1.6 s later", async () => {
  const recording = join(temporaryDirectory(), "recording");
  const ana = new Replica(7, "guest");
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { program, port } = await opened(recording);
    const { doc, provider, until, leave } = stock(port);
    await until(() => provider.synced);
    assert.equal(
      acknowledged.filter((id) => !doc.getMap("thresholds").has(id)),
      [],
      "what was acknowledged is there",
    );
    const ws = new WebSocket(`ws://127.0.0.1:${port}/collab/local`);
    const back = condition();
    let has = 0;
    ws.on("message", (data: Buffer) => {
      const message = readRoomMessage(new Uint8Array(data));
      if (message?.kind === "update") has = Math.max(has, lastClock(message.update, 7));
      back.look();
    });
    await new Promise((open) => ws.once("open", open));
    for (let k = 0; k < EDITS; k++) {
      const id = `r${round}-${k}`;
      ws.send(changeMessage(ana.edits(setsThreshold(id, threshold(k))).update));
      const clock = Y.getState(ana.doc.store, 7);
      await back.until(() => has >= clock);
      acknowledged.push(id);
    }
    leave();
    await new Promise((resolve) => setTimeout(resolve, KILLED_AFTER_MS[round]));
    program.kill("SIGKILL");
    await program.ended;
    ws.terminate();
  }
  const { program, port } = await opened(recording);
  const { doc, provider, until, leave } = stock(port);
  await until(() => provider.synced);
  assert.is(doc.getMap("thresholds").size, ROUNDS * EDITS);
  leave();
  program.kill("SIGTERM");
  assert.is((await program.ended).code, 0);
  const listed = await run(["inspect", recording, "--edits"]);
  assert.is(listed.code, 0, listed.stderr);
  const lines = listed.stdout.trim().split("\n");
  assert.is(lines.length, ROUNDS * EDITS);
  assert.match(lines[0]!, /\tguest\tthreshold\.set\tguest \d+ set threshold r0-0$/);
});

async function opened(recording: string): Promise<{ program: RunningProgram; port: string }> {
  const program = start([
    ...["up", "--feed", "host", "--port", "0", "--open-rooms", "--json"],
    ...["--record", recording],
  ]);
  const { url } = await program.line("listening");
  return { program, port: new URL(String(url)).port };
}

function stock(port: string) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}/collab`, "local", doc, {
    WebSocketPolyfill: WebSocket as never,
    disableBc: true,
  });
  const { look, until } = condition();
  provider.on("sync", look);
  doc.on("update", look);
  const leave = (): void => {
    provider.destroy();
    doc.destroy();
  };
  return { doc, provider, until, leave };
}

/** The clock after the last struct of a writer in an update. */
function lastClock(update: Uint8Array, writer: number): number {
  const own = Y.decodeUpdate(update).structs.filter(({ id }) => id.client === writer);
  return Math.max(0, ...own.map(({ id, length }) => id.clock + length));
}

test.run();
