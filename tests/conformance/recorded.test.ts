// slow
/**
 * Golden recordings (recorded/README.md): what earlier programs recorded stays readable and leads to what they derived, on every runtime. A
 * change of what an actor derives or keeps is refused here until its version is stepped.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { actorVersions, Core, hex, OtherActors, SILENT } from "../../actors/core/mod.ts";
import { STATE_VERSION } from "../../actors/core/state-version.ts";
import { openRecording } from "../../actors/journal/recording.ts";
import { SYSTEM } from "../../actors/system.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import { verifyRecording } from "../../sim/recordings/seal/command.ts";
import { publicKey } from "../../sim/recordings/seal/key-files.ts";
import { firstDifference, GOLDEN, type RecordingDigest, replayed, unpacked } from "./recorded-digest.ts";

const ANEW = "then record a golden session: node --import tsx tests/conformance/recorded.write.ts session-N";
const STEP = `step \`version\` in its definition (actors/detectors/, for front ROWS_VERSION in rows/), ${ANEW}`;
const STATE = `step STATE_VERSION (actors/core/state-version.ts), say in OLDER_STATES what of the older one is the same, ${ANEW}`;

for (const [name, golden] of Object.entries(GOLDEN)) {
  const others = new OtherActors(golden.versions, SYSTEM);
  const isToday = golden.stateVersion === STATE_VERSION && others.none;
  const { directory, publicKey: key } = unpacked(name);
  const today = lazily(() => replayed(directory));

  test(`${name}: each actor derives and keeps what it did`, async () => {
    const { digest: found } = await today();
    assert.is(found.inputs, golden.inputs);
    for (const actor of new Set([...Object.keys(golden.eventsOf), ...Object.keys(golden.stateOf)])) {
      if (others.has(actor)) continue;
      // The core's own piece is not that of an actor: it changes with the state version.
      const isCore = actor === "core";
      const advice = isCore ? STATE : STEP;
      if (golden.course !== undefined && (!isCore || isToday)) {
        const after = firstDifference(found.course!, golden.course, actor);
        assert.is(after, null, `${actor} keeps another state, after input ${after}: ${advice}`);
      }
      assert.equal(found.eventsOf[actor], golden.eventsOf[actor], `${actor} announces other events: ${STEP}`);
      if (isCore && !isToday) continue;
      assert.equal(found.stateOf[actor], golden.stateOf[actor], `${actor} keeps another state: ${advice}`);
    }
    if (!others.none) return;
    assert.equal(found.events, golden.events, `the events are others, or have other numbers: ${STATE}`);
    assert.equal(found.states, golden.states, `published states are others: ${STEP}`);
    if (isToday) assert.is(found.finalHash, golden.finalHash, `the state is hashed otherwise: ${STATE}`);
  });

  test(`${name}: it verifies, and its snapshot leads to the same end`, async () => {
    const journal = await openRecording(directory);
    const { difference, compared, otherActors } = await replay(journal, SYSTEM, { verify: true });
    await journal.close();
    assert.is(difference, null);
    assert.equal(otherActors, others.list);
    assert.ok(compared.derived > 0);
    assert.ok((isToday ? compared.checkpoints : compared.partly) > 0);
    assert.is(compared.otherVersion, 0, "hashes that cannot be compared");
    if (!others.none) return;
    const { stored, made, hash } = (await today()).snapshot;
    assert.is(hex(Core.restore(stored, SYSTEM, SILENT).hash().hash), hash, STATE);
    if (isToday) assert.equal(made, stored, `a snapshot is laid out otherwise: ${STATE}`);
  });

  test(`${name}: its seal holds`, async () => {
    const requiredKey = await publicKey(key);
    const { findings } = await verifyRecording(directory, { sealRequired: true, requiredKey });
    assert.equal(findings, []);
  });
}

test("there is a golden recording of today's state version with today's version of each actor", () => {
  const today = actorVersions(SYSTEM);
  const isOfToday = ({ stateVersion, versions }: RecordingDigest): boolean =>
    stateVersion === STATE_VERSION &&
    Object.entries(today).every(([actor, version]) => versions[actor] === version);
  const versions = `state version ${STATE_VERSION}, ${JSON.stringify(today)}`;
  assert.ok(Object.values(GOLDEN).some(isOfToday), `no golden recording of ${versions}: ${ANEW}`);
});

function lazily<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

test.run();
