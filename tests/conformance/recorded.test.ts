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
import { GOLDEN, type RecordingDigest, replayed, unpacked } from "./recorded-digest.ts";
import { ANEW, STATE, unsteppedChanges } from "./unstepped.ts";

for (const [name, golden] of Object.entries(GOLDEN)) {
  const others = new OtherActors(golden.versions, SYSTEM);
  const isToday = golden.stateVersion === STATE_VERSION && others.none;
  const { directory, publicKey: key } = unpacked(name);
  const today = lazily(() => replayed(directory));

  test(`${name}: each actor derives and keeps what it did`, async () => {
    assert.equal(unsteppedChanges((await today()).digest, golden), []);
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
