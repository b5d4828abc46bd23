// runtime: either
/** What the gate refuses, asks for, or finds nothing new in. Each attack is tried on a document with two people's entries. */
import * as encoding from "lib0/encoding";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { RandomStream } from "../../actors/core/random.ts";
import { RoomDocument } from "../../actors/detectors/room/document.ts";
import { judgeEdit } from "../../actors/detectors/room/gate.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { MAX_DOCUMENT_BYTES, MAX_EDIT_BYTES } from "../../protocol/limits.ts";
import type { Edit } from "../../protocol/messages.ts";
import { addsPanel, edit, Replica, setsThreshold, threshold } from "./edits.ts";

/** A document with a threshold of ana's and one of bob's, and the two replicas, which have all of it. */
function room() {
  const document = new RoomDocument();
  const stream = new RandomStream(1, "room");
  const takes = (input: Edit): Uint8Array | null =>
    document.apply(input, { sequence: 1, now: 0, random: () => stream.next() }).update;
  const judge = (input: Edit) => judgeEdit(document, input);
  const [ana, bob] = [new Replica(7), new Replica(8, "bob")];
  bob.takes(takes(ana.edits(setsThreshold("a", threshold(1))))!);
  ana.takes(takes(bob.edits(setsThreshold("b", threshold(2))))!);
  return { document, takes, judge, ana, bob };
}

type World = ReturnType<typeof room>;

/** The edit is refused with this code, and the document stays as it was. */
function refuses(world: World, input: Edit, code: keyof typeof CLOSE_CODES): void {
  const before = Y.encodeStateAsUpdate(world.document.doc);
  const text = world.document.text();
  const answer = world.judge(input);
  assert.is(answer.kind === "refused" ? answer.code : answer.kind, CLOSE_CODES[code]);
  assert.equal(Y.encodeStateAsUpdate(world.document.doc), before);
  assert.is(world.document.text(), text);
}

/** Bytes of an update: its structs by writer, then no deletions. */
function update(
  writer: number,
  clock: number,
  ...structs: ((encoder: encoding.Encoder) => void)[]
): Uint8Array {
  return encoding.encode((encoder) => {
    for (const part of [1, structs.length, writer, clock]) encoding.writeVarUint(encoder, part);
    for (const struct of structs) struct(encoder);
    encoding.writeVarUint(encoder, 0);
  });
}

const ROOT = 1;
const KEYED = 0x20;

/** An item in a root, under a key unless that is null. `content`: its number and what writes it. */
function item(root: string, key: string | null, content: number, write: (encoder: encoding.Encoder) => void) {
  return (encoder: encoding.Encoder): void => {
    encoding.writeUint8(encoder, content | (key === null ? 0 : KEYED));
    encoding.writeVarUint(encoder, ROOT);
    encoding.writeVarString(encoder, root);
    if (key !== null) encoding.writeVarString(encoder, key);
    write(encoder);
  };
}

const any =
  (...values: unknown[]) =>
  (encoder: encoding.Encoder): void => {
    encoding.writeVarUint(encoder, values.length);
    for (const value of values) encoding.writeAny(encoder, value as never);
  };

const ANY = 8;
const gc =
  (length: number) =>
  (encoder: encoding.Encoder): void => {
    encoding.writeUint8(encoder, 0);
    encoding.writeVarUint(encoder, length);
  };

test("an edit of one's own is admitted, and the same edit a second time holds nothing new", () => {
  const { judge, takes, ana } = room();
  const input = ana.edits(setsThreshold("a", threshold(5)));
  assert.equal(judge(input), { kind: "admitted", newWriters: 0 });
  takes(input);
  assert.equal(judge(input), { kind: "nothing" });
});

test("every frame cut at any byte, or with a byte too many, is refused as malformed", () => {
  const world = room();
  const input = world.ana.edits((doc) => {
    setsThreshold("a", threshold(5))(doc);
    addsPanel("p", { type: "chart", layout: { x: 1, y: 1, w: 2, h: 2 } })(doc);
    doc.getMap("thresholds").delete("b");
  });
  for (let length = 0; length < input.update.length; length++)
    refuses(world, edit(input.update.slice(0, length)), "malformed");
  refuses(world, edit(Uint8Array.of(...input.update, 0)), "malformed");
  assert.equal(world.judge(input), { kind: "admitted", newWriters: 0 });
});

test("integers without bounds are refused, in an entry and in a field", () => {
  const world = room();
  refuses(world, world.ana.edits(setsThreshold("a", 5n)), "forbidden");
  const { ana, takes, ...again } = room();
  takes(ana.edits(addsPanel("p", { type: "chart" })));
  const input = ana.edits((doc) => void (doc.getMap("panels").get("p") as Y.Map<unknown>).set("title", [5n]));
  refuses({ ana, takes, ...again }, input, "forbidden");
});

test("deletions that overlap or run backwards are refused: each would be looked up again", () => {
  const world = room();
  const deletes = (...ranges: [clock: number, length: number][]) =>
    edit(
      encoding.encode((encoder) => {
        for (const part of [0, 1, 7, ranges.length, ...ranges.flat()]) encoding.writeVarUint(encoder, part);
      }),
    );
  world.takes(world.ana.edits(setsThreshold("c", threshold(3))));
  refuses(world, deletes([0, 1], [0, 1]), "malformed");
  refuses(world, deletes([1, 1], [0, 1]), "malformed");
  assert.equal(world.judge(deletes([0, 1], [1, 1])), { kind: "admitted", newWriters: 0 });
});

test("an edit brings few writers that are new", () => {
  const world = room();
  const from = (count: number): Edit => {
    const doc = new Y.Doc();
    for (let writer = 100; writer < 100 + count; writer++)
      Y.applyUpdate(doc, update(writer, 0, item("panels", `p${writer}`, ANY, any("x"))));
    return edit(Y.encodeStateAsUpdate(doc));
  };
  refuses(world, from(9), "tooLarge");
  assert.equal(world.judge(from(8)), { kind: "admitted", newWriters: 8 });
});

test("random bytes never throw and never change the document", () => {
  const { judge, document, ana } = room();
  const stream = new RandomStream(3, "bytes");
  const good = ana.edits(addsPanel("p", { type: "chart" })).update;
  const before = document.text();
  for (let k = 0; k < 3_000; k++) {
    const bytes = Uint8Array.from(good);
    for (let n = 0; n <= k % 3; n++) bytes[Math.floor(stream.next() * bytes.length)] = stream.next() * 256;
    judge(edit(bytes));
  }
  assert.is(document.text(), before);
});

test("a structurally sound update with broken deletions is refused whole", () => {
  const world = room();
  const { update } = world.ana.edits(setsThreshold("x", threshold(1)));
  const broken = Uint8Array.of(...update.slice(0, -1), 1, 7, 9);
  refuses(world, edit(broken), "malformed");
});

test("the next change of somebody else's writer is refused", () => {
  const world = room();
  const clock = Y.getState(world.document.doc.store, 7);
  refuses(world, edit(update(7, clock, item("thresholds", "x", ANY, any(1))), "bob"), "forbidden");
});

test("an empty struct over somebody's writer, who is away, is refused, and what they then send is admitted", () => {
  const world = room();
  const clock = Y.getState(world.document.doc.store, 8);
  const unsent = world.bob.edits(setsThreshold("b", threshold(9)));
  refuses(world, edit(update(8, clock, gc(50))), "forbidden");
  assert.equal(world.judge(unsent), { kind: "admitted", newWriters: 0 });
});

test("the room's own writer is nobody else's", () => {
  const world = room();
  const [own] = [...world.document.writers].find(([, author]) => author === "the room")!;
  const clock = Y.getState(world.document.doc.store, own);
  refuses(world, edit(update(own, clock, item("meta", "epoch", ANY, any(9)))), "forbidden");
  refuses(world, edit(update(0, 0, item("panels", "x", ANY, any(1)))), "malformed");
});

test("one's own further tabs are writers of one's own, and two sockets may share one", () => {
  const { judge } = room();
  const tab = new Replica(70);
  assert.equal(judge(tab.edits(setsThreshold("t", threshold(1)))), { kind: "admitted", newWriters: 1 });
});

test("a clock that leaves a gap of one asks for what is missing", () => {
  const { judge, document } = room();
  const clock = Y.getState(document.doc.store, 7);
  assert.equal(judge(edit(update(7, clock + 1, item("thresholds", "x", ANY, any(1))))), { kind: "gap" });
});

test("origins, parents and deletions in the future ask for what is missing", () => {
  const { judge, document, ana } = room();
  const clock = Y.getState(document.doc.store, 7);
  const future =
    (info: number) =>
    (encoder: encoding.Encoder): void => {
      encoding.writeUint8(encoder, ANY | info);
      encoding.writeVarUint(encoder, 8);
      encoding.writeVarUint(encoder, 1_000);
      any(1)(encoder);
    };
  assert.equal(judge(edit(update(7, clock, future(0x80)))), { kind: "gap" });
  assert.equal(judge(edit(update(7, clock, future(0x40)))), { kind: "gap" });
  assert.equal(judge(edit(Uint8Array.of(0, 1, 8, 1, 99, 1))), { kind: "gap" });
  // Edits in another order than they were made.
  ana.edits(setsThreshold("x", threshold(1)));
  assert.equal(judge(ana.edits(setsThreshold("x", threshold(2)))), { kind: "gap" });
});

test("4,000 updates with gaps leave nothing pending and cost no second", () => {
  const { judge, document } = room();
  for (let k = 0; k < 4_000; k++)
    assert.is(judge(edit(update(9, 10 + 2 * k, item("panels", "x", ANY, any(1))))).kind, "gap");
  assert.is(document.doc.store.pendingStructs, null);
  assert.is(document.doc.store.pendingDs, null);
});

test("structs that build on each other in a circle ask for what is missing", () => {
  const { judge } = room();
  const bytes = encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 2);
    for (const [writer, other] of [
      [21, 20],
      [20, 21],
    ] as const) {
      for (const part of [1, writer, 0]) encoding.writeVarUint(encoder, part);
      encoding.writeUint8(encoder, ANY | 0x80);
      for (const part of [other, 0]) encoding.writeVarUint(encoder, part);
      any(1)(encoder);
    }
    encoding.writeVarUint(encoder, 0);
  });
  assert.equal(judge(edit(bytes)), { kind: "gap" });
});

test("roots that the document does not have are refused, 20,000 of them as well", () => {
  const world = room();
  refuses(world, edit(update(9, 0, item("extra", "x", ANY, any(1)))), "forbidden");
  const many = Array.from({ length: 20_000 }, (_, k) => item(`r${k}`, "x", ANY, any(1)));
  refuses(world, edit(update(9, 0, ...many)), "tooLarge");
});

test("list items in a map, lists, texts, bytes and documents within are refused", () => {
  const world = room();
  refuses(world, edit(update(9, 0, item("panels", null, ANY, any(1)))), "forbidden");
  refuses(world, edit(update(9, 0, item("panels", "x", ANY, any(1, 2)))), "forbidden");
  for (const type of [new Y.Array(), new Y.Text("a"), new Y.XmlFragment(), new Uint8Array(3)])
    refuses(
      world,
      new Replica(9).edits((doc) => doc.getMap("panels").set("x", type)),
      "forbidden",
    );
  refuses(
    world,
    new Replica(9).edits((doc) => doc.getMap("panels").set("x", new Y.Doc())),
    "forbidden",
  );
});

test("broken JSON in content, content of the old kind, and kinds that Yjs does not know are refused", () => {
  const world = room();
  const content = (kind: number, write: (encoder: encoding.Encoder) => void): Edit =>
    edit(update(9, 0, item("panels", "x", kind, write)));
  const json = (text: string) => (encoder: encoding.Encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, text);
  };
  const [old, embedded, unknown] = [2, 5, 11];
  for (const text of ['{"a":', "{a: 1}", ""]) {
    refuses(world, content(old, json(text)), "malformed");
    refuses(
      world,
      content(embedded, (encoder) => encoding.writeVarString(encoder, text)),
      "malformed",
    );
  }
  refuses(world, content(old, json('{"a":1}')), "forbidden");
  for (let kind = unknown; kind < KEYED; kind++) refuses(world, content(kind, any(1)), "malformed");
});

test("keys and values that change a prototype are refused", () => {
  const world = room();
  for (const key of ["__proto__", "constructor", "prototype", "", "k".repeat(129)])
    refuses(world, edit(update(9, 0, item("thresholds", key, ANY, any(1)))), "forbidden");
  const polluted = (encoder: encoding.Encoder): void => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeUint8(encoder, 118);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, "__proto__");
    encoding.writeAny(encoder, { evil: true });
  };
  refuses(world, edit(update(9, 0, item("thresholds", "x", ANY, polluted))), "forbidden");
});

test("values and maps nested deep are refused", () => {
  const world = room();
  const nested =
    (depth: number, bytes: number[]): ((encoder: encoding.Encoder) => void) =>
    (encoder) => {
      encoding.writeVarUint(encoder, 1);
      for (let k = 0; k < depth; k++) for (const byte of bytes) encoding.writeUint8(encoder, byte);
      encoding.writeUint8(encoder, 126);
    };
  refuses(world, edit(update(9, 0, item("panels", "x", ANY, nested(50_000, [117, 1])))), "malformed");
  refuses(world, edit(update(9, 0, item("panels", "x", ANY, nested(20, [117, 1])))), "forbidden");
  const maps = new Replica(9).edits((doc) => {
    let at = doc.getMap<unknown>("panels");
    for (let k = 0; k < 1_500; k++) {
      const next = new Y.Map<unknown>();
      at.set("x", next);
      at = next;
    }
  });
  refuses(world, maps, "forbidden");
});

test("a viewer changes and deletes nothing, and may send what is known", () => {
  const world = room();
  refuses(world, new Replica(9, "eve", "viewer").edits(setsThreshold("x", threshold(1))), "forbidden");
  const eve = new Replica(10, "eve", "viewer");
  eve.takes(Y.encodeStateAsUpdate(world.document.doc));
  assert.equal(world.judge(edit(Y.encodeStateAsUpdate(eve.doc), "eve", "viewer")), { kind: "nothing" });
  eve.doc.getMap("thresholds").delete("a");
  refuses(world, edit(Y.encodeStateAsUpdate(eve.doc), "eve", "viewer"), "forbidden");
});

test("too many bytes, writers and structs are refused", () => {
  const world = room();
  refuses(world, edit(new Uint8Array(MAX_EDIT_BYTES + 1)), "tooLarge");
  const parts = Array.from({ length: 65 }, (_, k) =>
    update(100 + k, 0, item("panels", `p${k}`, ANY, any(1))),
  );
  refuses(world, edit(Y.mergeUpdates(parts)), "tooLarge");
  refuses(world, edit(update(9, 0, gc(1_000_001))), "malformed");
});

test("a document of 8 MiB takes nothing more, and whoever removes something still may", () => {
  const world = room();
  const { ana, takes, document } = world;
  // Two bytes a character: the schema counts characters.
  const field = "é".repeat(7_500);
  let k = 0;
  const notes = () =>
    ana.edits((doc) => {
      for (let n = 0; n < 6; n++) {
        const note = { by: "ana", body: "", fromUs: 0, field };
        doc.getMap("annotations").set(`n${k++}`, new Y.Map(Object.entries(note)));
      }
    });
  let input = notes();
  for (; world.judge(input).kind === "admitted"; input = notes()) takes(input);
  refuses(world, input, "tooLarge");
  assert.ok(document.bytes() > MAX_DOCUMENT_BYTES - MAX_EDIT_BYTES, `${document.bytes()} bytes`);
  const later = new Replica(9);
  later.takes(Y.encodeStateAsUpdate(document.doc));
  const removal = later.edits((doc) => doc.getMap("annotations").delete("n0"));
  assert.is(world.judge(removal).kind, "admitted");
});

test("an edit of another epoch is refused", () => {
  const world = room();
  refuses(world, { ...world.ana.edits(setsThreshold("x", threshold(1))), epoch: 2 }, "epoch");
});

test("a writer twice in one update, and structs that are skipped, are refused", () => {
  const world = room();
  const one = update(9, 0, item("panels", "x", ANY, any(1)));
  const twice = Uint8Array.of(2, ...one.slice(1, -1), ...one.slice(1, -1), 0);
  refuses(world, edit(twice), "malformed");
  const skip = (encoder: encoding.Encoder): void => {
    encoding.writeUint8(encoder, 10);
    encoding.writeVarUint(encoder, 5);
  };
  refuses(world, edit(update(9, 0, skip, item("panels", "x", ANY, any(1)))), "malformed");
});

test("whatever is admitted applies without leaving anything pending", () => {
  const { judge, takes, document } = room();
  const stream = new RandomStream(5, "admitted");
  const base = new Replica(9);
  base.takes(Y.encodeStateAsUpdate(document.doc));
  const good = base.edits((doc) => {
    addsPanel("p", { type: "chart" })(doc);
    setsThreshold("a", threshold(9))(doc);
  }).update;
  let admitted = 0;
  for (let k = 0; k < 5_000; k++) {
    const bytes = Uint8Array.from(good);
    bytes[Math.floor(stream.next() * bytes.length)] = stream.next() * 256;
    const input = edit(bytes);
    if (judge(input).kind !== "admitted") continue;
    admitted++;
    takes(input);
    assert.is(document.doc.store.pendingStructs, null);
    assert.is(document.doc.store.pendingDs, null);
  }
  assert.ok(admitted > 0);
});

test.run();
