// runtime: either
/** A recording that was made with other versions of some actors: a replay says which, and verifies the rest. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CoreDefinitions } from "../../actors/core/core.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { ActorDefinition } from "../../actors/ports/detector.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { Settings } from "../../protocol/settings.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import { openPartition } from "../support/open-partition.ts";
import { run } from "../support/program-run.ts";
import { openRecording, record, temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";
import { impaired, writtenLog } from "../support/written-log.ts";

const WALK = "walk?group=walk&channels=3&rate=max&duration=2s&seed=5";

/** The same walk, longer: what is recorded already is a duplicate. */
const LONGER = "walk?group=walk&channels=3&rate=max&duration=4s&seed=5";

const NEXT = versionOf("collapse") + 1;

test("an actor that computes differently under its old version is the first difference", async () => {
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  const { difference, otherActors } = await verify(directory, withActor("collapse", versionOf("collapse")));
  assert.is(difference?.actor, "collapse");
  assert.equal(otherActors, []);
});

test("an actor of another version is named and left out, and everything else is verified", async () => {
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  const report = await verify(directory, withActor("collapse", NEXT));
  assert.is(report.difference, null);
  assert.equal(report.otherActors, [{ actor: "collapse", recorded: NEXT - 1, current: NEXT }]);
  assert.ok(report.compared.derived > 0);
  assert.ok(report.compared.partly > 0);
  assert.is(report.compared.checkpoints, 0, "the whole state holds that of the changed actor");
});

test("beside an actor of another version, one that changed without a version is found: by its events, and by its state", async () => {
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  const byEvents = await verify(
    directory,
    withActor("estimator", versionOf("estimator"), withActor("collapse", NEXT)),
  );
  assert.is(byEvents.difference?.actor, "estimator");
  assert.match(byEvents.difference?.field ?? "", "event");
  const byState = await verify(
    directory,
    withActor("anomaly", versionOf("anomaly"), withActor("collapse", NEXT)),
  );
  assert.is(byState.difference?.actor, "walk/anomaly");
});

test("an actor that is new, and one that is gone, are left out", async () => {
  const without = (name: string): CoreDefinitions => ({
    ...SYSTEM,
    group: SYSTEM.group.filter((actor) => actor.name !== name),
  });
  const older = await record({ definitions: without("collapse"), feeds: [WALK] });
  const added = await verify(older.directory, SYSTEM);
  assert.is(added.difference, null);
  assert.equal(added.otherActors, [{ actor: "collapse", recorded: null, current: NEXT - 1 }]);
  const newer = await record({ definitions: SYSTEM, feeds: [WALK] });
  const gone = await verify(newer.directory, without("collapse"));
  assert.is(gone.difference, null);
  assert.equal(gone.otherActors, [{ actor: "collapse", recorded: NEXT - 1, current: null }]);
});

test("a recording goes on under a program with a changed actor: each part is verified against the versions that made it", async () => {
  const changed = withActor("collapse", NEXT);
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  await record({ definitions: changed, feeds: [LONGER], directory });
  for (const definitions of [changed, SYSTEM]) {
    const report = await verify(directory, definitions);
    assert.is(report.difference, null);
    assert.equal(
      report.otherActors.map(({ actor }) => actor),
      ["collapse"],
    );
  }
  // The second part was made with version 2: there it is compared.
  const { difference } = await verify(directory, withActor("collapse", NEXT, SYSTEM, 2));
  assert.is(difference?.actor.split("/").at(-1), "collapse");
});

test("what other versions derive from the blocks before them is not recorded as derived then, and the last of those may lack its record", async () => {
  const journal = createMemoryJournal();
  // The crash came before the record of block 5.
  const crashed = { ...impaired(journal, {}), appendDerived() {} };
  const rowValue = (block: number): number => (block === 5 ? 120 : block === 3 ? 30 : 1);
  await writtenLog({ blocks: 5, rowValue, journal: crashed });
  // The toy of the next version finds something in block 3, in which the first found nothing.
  const [summing, ...others] = TOYS.group;
  const eager = { ...TOYS, group: [countingTwice(summing!), ...others] };
  const partition = await openPartition({
    journal,
    definitions: eager,
  });
  const kinds: string[] = [];
  for await (const { kind } of journal.read()) kinds.push(kind);
  assert.equal(kinds, ["block", "block", "block", "block", "block", "block"]);
  for (const definitions of [TOYS, eager]) {
    const report = await replay(journal, definitions, { verify: true });
    assert.is(report.difference, null);
    assert.is(report.otherActors.length, 1);
  }
  await partition.close();
});

test("replay --verify ends with 3 and names the actors that it left out", async () => {
  const directory = join(temporaryDirectory(), "recording");
  await record({ definitions: withActor("collapse", NEXT), feeds: [WALK], directory });
  const { code, stdout, stderr } = await run(["replay", directory, "--verify"]);
  assert.is(code, 3, stderr);
  assert.match(
    stdout,
    `not compared: collapse, version ${NEXT} in the recording, version ${NEXT - 1} in this program\n`,
  );
  assert.match(stdout, /compared 0 state hashes, \d+ in part/);
});

/** In this program. */
function versionOf(name: string): number {
  return SYSTEM.group.find((actor) => actor.name === name)!.version;
}

function withActor(
  name: string,
  version: number,
  { group, session }: CoreDefinitions = SYSTEM,
  times = 3,
): CoreDefinitions {
  return {
    group: group.map((actor) => (actor.name === name ? changed(actor, version, times) : actor)),
    session,
  };
}

/** The actor with another behaviour: it learns from other numbers of rows. */
function changed(actor: ActorDefinition, version: number, times: number): ActorDefinition {
  const other = ({ collapse, estimator, anomaly, ...settings }: Settings): Settings => ({
    ...settings,
    collapse: { ...collapse, calibrationRows: 100 * times },
    estimator: { ...estimator, warmupRows: 50 * times },
    anomaly: { ...anomaly, warmupSamples: 100 * times },
  });
  return {
    ...actor,
    version,
    createDetector: (settings, group) => actor.createDetector(other(settings), group),
    machineInput: (settings, ...of) => actor.machineInput(other(settings), ...of),
  };
}

/** The next version of a toy: it meets each batch twice. */
function countingTwice(actor: ActorDefinition): ActorDefinition {
  return {
    ...actor,
    version: actor.version + 1,
    createDetector(settings, group) {
      const detector = actor.createDetector(settings, group);
      return {
        ...detector,
        update(batch, context) {
          detector.update?.(batch, context);
          detector.update?.(batch, context);
        },
      };
    },
  };
}

async function verify(directory: string, definitions: CoreDefinitions) {
  const journal = await openRecording(directory);
  const report = await replay(journal, definitions, { verify: true });
  await journal.close();
  return report;
}

test.run();
