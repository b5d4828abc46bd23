// runtime: either
// requires: nats-server
// timeout: 300
// slow
/**
 * Three nodes with a shared document, of which the owner is killed in the middle of edits: what came back to its author is there, nothing is there
 * twice, and all have the same, also whoever was connected to the node that was killed.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { createNatsBus } from "../../actors/bus/nats.ts";
import { type NatsServer, startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { decodeInput } from "../../actors/log/read.ts";
import { clusterStatus } from "../../collab/live/node-status.ts";
import { joinSession, type SharedSession } from "../../collab/shared-session.ts";
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import type { EventMessage, Input } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { threshold } from "../rooms/edits.ts";
import { type RunningProgram, start } from "../support/program-run.ts";

const SESSION = "plant";
const NAMES = ["a", "b", "c"];

/** Edits of each of the two before the owner is killed, and while there is none. */
const BEFORE = 15;
const MEANWHILE = 15;

const server: NatsServer = await startNatsServer();

test("the owner of a document is killed in the middle of edits: nothing acknowledged is lost, and nothing is doubled", async () => {
  const nodes = new Map<string, RunningProgram>();
  const urls = new Map<string, string>();
  for (const name of NAMES)
    nodes.set(
      name,
      start([
        ...["node", "--nats", server.url, "--session", SESSION, "--name", name],
        ...["--port", "0", "--failover", "quick", "--json"],
      ]),
    );
  for (const [name, program] of nodes) urls.set(name, String((await program.line("listening"))["url"]));
  const owner = await ownerOfRoom();
  const [stays, goesTo] = NAMES.filter((name) => name !== owner) as [string, string];

  const ana = await joined(urls.get(stays)!);
  let bob = await joined(urls.get(owner)!);
  const acknowledged: string[] = [];
  for (let k = 0; k < BEFORE; k++)
    for (const [who, session] of [
      ["ana", ana],
      ["bob", bob],
    ] as const) {
      session.set("thresholds", `${who}-${k}`, threshold(k));
      await session.saved();
      acknowledged.push(`${who}-${k}`);
    }
  const written = (who: string, from: number): string[] =>
    Array.from({ length: MEANWHILE }, (_, k) => `${who}-${from + k}`);
  for (const id of written("ana", BEFORE)) ana.set("thresholds", id, threshold(1));
  for (const id of written("bob", BEFORE)) bob.set("thresholds", id, threshold(1));
  nodes.get(owner)!.kill("SIGKILL");
  await nodes.get(owner)!.ended;
  for (const id of written("ana", BEFORE + MEANWHILE)) ana.set("thresholds", id, threshold(2));
  // Bob's page finds another gateway, with what it had not sent.
  const { doc } = bob;
  bob.leave();
  for (const id of written("bob", BEFORE + MEANWHILE)) doc.getMap("thresholds").set(id, threshold(2));
  bob = await joined(urls.get(goesTo)!, doc);
  await Promise.all([ana.saved(), bob.saved()]);

  const late = await joined(urls.get(stays)!);
  const shown = late.all("thresholds");
  assert.equal(
    acknowledged.filter((id) => !(id in shown)),
    [],
    "what was acknowledged is there",
  );
  const all = [...Object.keys(shown)].sort();
  assert.is(all.length, 2 * (BEFORE + 2 * MEANWHILE));
  for (const session of [ana, bob]) await until(() => same(session.all("thresholds"), shown));

  const room = await logOf("room");
  assert.equal(
    room.events
      .filter(({ kind }) => kind === "threshold.set")
      .map(({ detail }) => String(detail["id"]))
      .sort(),
    all,
    "each change is announced once",
  );
  await until(async () => idsIn(await logOf("p0")).length >= all.length);
  assert.equal(idsIn(await logOf("p0")).sort(), all, "and a command of the partition once");
  for (const session of [ana, bob, late]) session.leave();
  for (const [name, program] of nodes) {
    if (name === owner) continue;
    program.kill("SIGTERM");
    assert.is((await program.ended).code, 0);
  }
});

/** Commands of the room in the log of a partition. */
function idsIn({ inputs }: { inputs: Input[] }): string[] {
  return inputs.flatMap((input) =>
    input.type === "command" && input.source === "room" ? [(input.body as { id: string }).id] : [],
  );
}

async function joined(url: string, doc = new Y.Doc()): Promise<SharedSession> {
  const session = joinSession(`${url.replace(/^http/, "ws")}collab/${SESSION}`, {
    WebSocket: WebSocket as never,
    doc,
  });
  await session.synced();
  return session;
}

async function ownerOfRoom(): Promise<string> {
  const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log() {} });
  try {
    for (;;) {
      const { partitions } = await clusterStatus(bus, SESSION);
      const owner = partitions.find(({ name }) => name === "room")?.owner;
      if (owner !== undefined) return owner;
    }
  } finally {
    await bus.close();
  }
}

async function logOf(partition: string): Promise<{ inputs: Input[]; events: EventMessage[] }> {
  const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log() {} });
  const log = await AdmittedLog.open(bus.stream(subjectOf(SESSION, partition, "log")), partition);
  const inputs: Input[] = [];
  const events: EventMessage[] = [];
  for await (const entry of log.entries(1)) {
    if (entry.kind === "block")
      decodeBlock(entry.block.bytes).forEach((_sequence, _timeUs, bytes) => {
        inputs.push(decodeInput(bytes));
      });
    else if (entry.kind === "derived") events.push(...decodeDerived(entry.bytes).events);
  }
  log.end();
  await bus.close();
  return { inputs, events };
}

function same(one: unknown, other: unknown): boolean {
  try {
    assert.equal(one, other);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test.after(() => server.dispose());

test.run();
