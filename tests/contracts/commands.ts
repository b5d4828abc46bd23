/**
 * What the commands of every session promise (protocol/commands.ts), as tests to run on each implementation:
 *
 *     commandsContract("commands of a live session", async () => ({ commands, log, hold, close }));
 *
 * Each test asks every command that the session has. A new command does not compile until it has a body here.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inputs } from "../../actors/log/read.ts";
import type { SessionCommands } from "../../actors/ports/commands.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { COMMANDS, type CommandName, readCommand } from "../../protocol/commands.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { type Author, type Authored, ROLES, type Role } from "../../protocol/principal.ts";
import { inWorlds } from "./in-worlds.ts";

export interface CommandsWorld {
  readonly commands: Pick<SessionCommands, "names" | "carryOut">;
  readonly log: Journal;
  /** Holds back what makes inputs durable until the returned function is called; with an error it fails. Absent: nothing enters this log. */
  hold?(): (error?: Error) => void;
  close(): Promise<void>;
}

/** A body of each command, for a session with the group g, whose first input is 1. */
const BODIES: Readonly<Record<CommandName, object>> = {
  readReplay: {},
  listReplayMarks: {},
  readDocument: {},
  play: { speed: 1_000 },
  pause: {},
  setSpeed: { speed: 2 },
  seek: { sequence: 2 },
  listScenarios: {},
  listInjections: {},
  startInjection: { scenario: "spike", group: "g", durationSeconds: 600 },
  pushSamples: { group: "h", source: "plant", rows: [{ timeUs: 3_000, samples: [["x", 1]] }] },
  readPushed: { group: "h", source: "plant" },
  readSettings: {},
  changeSetting: { path: "anomaly.cooldownSamples", value: 7 },
  readStanding: {},
  listAlerts: {},
  "threshold.set": { id: "b", of: { group: "g", channel: "c1" }, direction: "below", level: 1 },
  "threshold.removed": { id: "a" },
  "alert.acknowledged": { id: "a" },
  "alert.assigned": { id: "a", to: "ben" },
  "alert.snoozed": { id: "a", seconds: 600 },
  mark: { type: "news", group: "g" },
  askWhatIf: { at: 2 },
};

const AUTHOR = { author: "ana at 127.0.0.1", authorId: "ana", authorRole: "owner" } as const;

/** `has`: the commands of this session, so that none is missed. */
export function commandsContract(
  name: string,
  has: readonly CommandName[],
  make: () => Promise<CommandsWorld>,
): void {
  const test = suite(name);
  const contract = inWorlds(test, make, (world) => world.close());
  // Samples are frames, which have no author: tests/gateway/ingest.test.ts and tests/cluster/remote-session.test.ts have what holds of them.
  const asked = has.filter((command) => command !== "pushSamples");
  const changing = asked.filter((command) => COMMANDS[command].changes === "log");
  const others = asked.filter((command) => COMMANDS[command].changes !== "log");

  contract(`${name}: they are ${has.join(", ")}`, async ({ commands }) => {
    assert.equal([...commands.names()].sort(), [...has].sort());
  });

  for (const command of changing) {
    contract(`[K2] ${command} is answered when its input is durable, and not before`, async (world) => {
      const release = world.hold!();
      const before = await authored(world.log);
      let isAnswered = false;
      const answer = ask(world, command).then(() => {
        isAnswered = true;
      });
      await turns();
      assert.is(isAnswered, false, "answered before its input is durable");
      release();
      await answer;
      assert.is((await authored(world.log)).length, before.length + 1, "its input is in the log");
    });

    contract(`[K2] ${command} whose input cannot become durable is refused as unavailable`, async (world) => {
      const release = world.hold!();
      const refused = rejection(ask(world, command));
      await turns();
      release(new Error("disk full"));
      assert.is((await refused).kind, "unavailable");
      assert.match((await refused).message, /disk full/);
      assert.is((await rejection(ask(world, command))).kind, "unavailable", "and every later one");
    });

    contract(`[K2] the input of ${command} names its author, with id and role`, async (world) => {
      await ask(world, command);
      const { author, authorId, authorRole } = (await authored(world.log)).at(-1)!;
      assert.equal({ author, authorId, authorRole }, AUTHOR);
    });
  }

  for (const command of asked) {
    const needed = ROLES.indexOf(COMMANDS[command].who);
    for (const [k, authorRole] of ROLES.entries())
      contract(
        `[K3] ${command} is ${k < needed ? "refused to" : "answered for"} a ${authorRole}`,
        async (world) => {
          const before = await authored(world.log);
          const answer = ask(world, command, { ...AUTHOR, authorRole });
          if (k >= needed) {
            await answer;
            return;
          }
          const { kind, value, expected } = await rejection(answer);
          assert.equal([kind, value], ["denied", `the role ${authorRole}`]);
          assert.match(expected, new RegExp(`^the role ${COMMANDS[command].who}`));
          assert.equal(await authored(world.log), before, "nothing is in the log");
        },
      );
  }

  for (const command of others)
    contract(`${command} is answered, and leaves nothing in the log`, async (world) => {
      const before = await authored(world.log);
      await ask(world, command);
      assert.equal(await authored(world.log), before);
    });

  test.run();
}

function ask({ commands }: CommandsWorld, name: CommandName, author: Author = AUTHOR): Promise<unknown> {
  return commands.carryOut(readCommand(name, BODIES[name]), author, new AbortController().signal);
}

/** Authors of the inputs that have one, in the order of the log. */
async function authored(log: Journal): Promise<Authored[]> {
  const found: Authored[] = [];
  for await (const { input } of inputs(log)) {
    if (!("author" in input)) continue;
    const { author } = input;
    if (typeof author !== "string")
      found.push({ author: author.name!, authorId: author.id, authorRole: author.role as Role });
    else found.push(input as Authored);
  }
  return found;
}

async function rejection(promise: Promise<unknown>): Promise<EigenwatchError> {
  return promise.then(
    () => assert.unreachable("was not refused") as never,
    (error: unknown) => error as EigenwatchError,
  );
}

/** Lets promises and immediates that are due have their turn: far more than a command takes that waits for nothing. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
