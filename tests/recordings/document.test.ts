/** The shared document of a recording, as the page of a replay reads it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openPartitionForWriting } from "../../actors/journal/recording.ts";
import { recordedDocument } from "../../sim/recordings/replay/document.ts";
import { addsPanel, Replica, setsThreshold, threshold } from "../rooms/edits.ts";
import { openRoomPartition } from "../rooms/room-world.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("the entries are those at the end of the recording, root by root", async () => {
  const directory = temporaryDirectory();
  const room = await openRoomPartition(await openPartitionForWriting(directory, "room"));
  const ana = new Replica(10);
  room.edit(ana.edits(addsPanel("p", { type: "chart" })));
  room.edit(ana.edits(setsThreshold("t", threshold(1))));
  room.edit(ana.edits(setsThreshold("t", threshold(2))));
  await room.close();
  const { entries } = await recordedDocument(directory);
  assert.equal(entries["panels"], { p: { type: "chart" } });
  assert.equal(entries["thresholds"], { t: threshold(2) });
  assert.equal(entries["annotations"], {});
});

test("a recording that nobody edited has no entries", async () => {
  const directory = temporaryDirectory();
  const other = await openRoomPartition(await openPartitionForWriting(directory, "p0"));
  await other.close();
  assert.equal(await recordedDocument(directory), { entries: {} });
});

test.run();
