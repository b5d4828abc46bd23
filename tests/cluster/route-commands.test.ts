/** Commands to a gateway of a session of several partitions reach the partition they are about. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SessionCommands } from "../../actors/ports/commands.ts";
import { type CommandedSession, routeCommands } from "../../collab/live/route-commands.ts";
import type { Command } from "../../protocol/commands.ts";
import type { AlertsStatus } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { channels } from "../support/inputs.ts";

const ANNA = { author: "Anna", authorId: "anna", authorRole: "owner" } as const;

/** Partitions of one group and one threshold each, and which of them were asked what. */
function partitions(options: { silent?: string } = {}) {
  const taken: string[] = [];
  const sessions = ["p0", "p1"].map((name): CommandedSession => {
    const commands = new SessionCommands("s");
    const take = (what: string): void => void taken.push(`${name} ${what}`);
    const alerts = { alerts: [{ threshold: { id: `of ${name}` } }], perDay: 1, heldBack: 1 };
    commands.handle({
      readSettings: () => ({ settings: defaultSettings() }),
      listAlerts: () => {
        if (options.silent === name)
          throw new EigenwatchError({
            action: "list alerts",
            value: `${name} has no owner`,
            kind: "unavailable",
          });
        return alerts as unknown as AlertsStatus;
      },
      changeSetting: ({ path }) => {
        take(path);
        return { settings: defaultSettings() };
      },
      "threshold.set": ({ id }) => {
        take(`set ${id}`);
        return { input: 1 };
      },
      "alert.acknowledged": ({ id }) => {
        take(`acknowledged ${id}`);
        return { input: 1 };
      },
    });
    return { commands, partition: name, groups: () => [channels(1, { group: `group of ${name}` })] };
  });
  routeCommands(sessions);
  const ask = (command: Command) =>
    sessions[0]!.commands.carryOut(command, ANNA, new AbortController().signal);
  return { taken, ask };
}

test("a command that names only a threshold reaches the partition that has it", async () => {
  const { taken, ask } = partitions();
  for (const id of ["of p1", "of p0"]) await ask({ name: "alert.acknowledged", body: { id } } as Command);
  assert.equal(taken, ["p1 acknowledged of p1", "p0 acknowledged of p0"]);
});

test("a new threshold goes to the partition of its group, a known one stays where it is", async () => {
  const { taken, ask } = partitions();
  for (const id of ["new", "of p0"])
    await ask({
      name: "threshold.set",
      body: { id, of: { group: "group of p1", channel: "c0" } },
    } as Command);
  assert.equal(taken, ["p1 set new", "p0 set of p0"]);
});

test("a setting is changed in all partitions, and alerts are those of all", async () => {
  const { taken, ask } = partitions();
  await ask({ name: "changeSetting", body: { path: "publishEveryUs", value: 1_000_000 } });
  assert.equal(taken.toSorted(), ["p0 publishEveryUs", "p1 publishEveryUs"]);
  const { alerts, heldBack } = (await ask({ name: "listAlerts", body: {} })) as AlertsStatus;
  assert.equal(
    alerts.map(({ threshold }) => threshold.id),
    ["of p0", "of p1"],
  );
  assert.is(heldBack, 2);
});

test("while a partition cannot say what it has, a threshold that nobody else has is not said to be unknown", async () => {
  const { taken, ask } = partitions({ silent: "p1" });
  await ask({ name: "alert.acknowledged", body: { id: "of p0" } } as Command);
  assert.equal(taken, ["p0 acknowledged of p0"]);
  const error = await ask({ name: "alert.acknowledged", body: { id: "of p1" } } as Command).then(
    () => null,
    (reason: EigenwatchError) => reason,
  );
  assert.is(error?.value, "p1 has no owner");
});

test.run();
