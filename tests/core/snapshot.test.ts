// runtime: either
/** Which snapshots a core continues, and in which words it refuses others. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  copyFields,
  OtherVersion,
  readSnapshot,
  type SavedCore,
  writeSnapshot,
} from "../../actors/core/snapshot.ts";
import { OLDER_STATES, STATE_VERSION } from "../../actors/core/state-version.ts";
import type { Fields } from "../../actors/ports/detector.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { row } from "../support/inputs.ts";
import { summing, touchy } from "../support/toy-actors.ts";
import { notice, toyCore } from "./toy-core.ts";

const TOYS = { group: [summing, touchy] };

function snapshot(): Uint8Array {
  const world = toyCore(TOYS);
  world.apply(1, row(1, [1]));
  world.apply(2, notice("injection.started"));
  return world.core.snapshot();
}

/** The same snapshot with something changed. */
function changed(change: (saved: SavedCore & { version?: number }) => object): Uint8Array {
  const saved = readSnapshot(snapshot());
  return writeSnapshot({ ...saved, ...change(saved) } as SavedCore);
}

function refusal(bytes: Uint8Array): Error {
  try {
    toyCore(TOYS, { from: bytes });
  } catch (error) {
    return error as Error;
  }
  return assert.unreachable("not refused") as never;
}

test("typed arrays keep their kind and their bits", () => {
  const fields: Fields = {
    doubles: Float64Array.of(Number.NaN, -0, 1e300),
    signed: Int32Array.of(-1, 2 ** 31 - 1),
    unsigned: Uint32Array.of(2 ** 32 - 1),
    pairs: Uint16Array.of(65_535, 1, 2),
    bytes: Uint8Array.of(255, 0, 7),
  };
  const { version, groups } = readSnapshot(
    writeSnapshot({ control: {}, groups: [fields], actors: [] }),
  ) as SavedCore & {
    version: number;
  };
  assert.is(version, STATE_VERSION);
  assert.equal(bitsOf(groups[0]!), bitsOf(fields));
});

/** Kind and bytes of each field: unlike numbers, bytes of NaN are equal. */
function bitsOf(fields: Fields): unknown[] {
  return Object.entries(fields).map(([name, array]) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    return [name, array.constructor.name, Array.from(bytes)];
  });
}

test("names that msgpack or a copy of an object would trip over are read back as keys", () => {
  const names = ["__proto__", "constructor", "\u0000", "\u0000__proto__", "g"];
  const byName = Object.fromEntries(names.map((name) => [name, { traits: name }]));
  const control = { groups: [byName], channels: ["a"] };
  const read = readSnapshot(writeSnapshot({ control, groups: [], actors: [] })).control as typeof control;
  assert.is(JSON.stringify(read), JSON.stringify(control));
  assert.is(Object.getPrototypeOf(read.groups[0]), Object.prototype);
});

test("a snapshot that lies in a larger buffer is read", () => {
  const bytes = snapshot();
  const larger = Buffer.alloc(bytes.length + 7);
  larger.set(bytes, 3);
  assert.equal(writeSnapshot(readSnapshot(larger.subarray(3, 3 + bytes.length))), bytes);
});

test("a snapshot of another version of the state is refused, with the versions that are read", () => {
  const error = refusal(changed(() => ({ version: STATE_VERSION + 1 })));
  assert.instance(error, OtherVersion);
  const readable = Object.entries(OLDER_STATES).filter(([, { control }]) => control !== undefined);
  const versions = [...readable.map(([version]) => version), STATE_VERSION].join(" or ");
  const found = `it has state version ${STATE_VERSION + 1}`;
  assert.is(error.message, `Cannot restore a snapshot: ${found}; expected state version ${versions}`);
});

test("a snapshot of version 2 is continued; which injections were open is not known", () => {
  const bytes = changed(({ control }) => {
    const { injections: _, ...before } = control as { injections: unknown };
    return { version: 2, control: before };
  });
  const { core } = toyCore(TOYS, { from: bytes });
  assert.equal(core.openInjections(), []);
  assert.is(core.sequence, 4);
});

test("a snapshot with another version of an actor or of the rows is refused, and so is one without an actor", () => {
  const other = refusal(
    changed(({ actors }) => ({ actors: actors.map((each) => ({ ...each, version: 9 })) })),
  );
  assert.instance(other, OtherVersion);
  assert.match(other.message, "g/summing has version 9 in it; expected version 1");
  assert.match(
    refusal(changed(() => ({ rows: 9 }))).message,
    "front has version 9 in it; expected version 1",
  );
  const without = refusal(changed(({ actors }) => ({ actors: actors.slice(0, 1) })));
  assert.instance(without, OtherVersion);
  assert.match(without.message, "it has no actor g/touchy; expected every actor of the session");
});

test("a snapshot that names no versions has version 1 of all", () => {
  const bytes = changed(({ actors }) => ({
    rows: undefined,
    actors: actors.map(({ version: _, ...actor }) => actor),
  }));
  assert.is(toyCore(TOYS, { from: bytes }).core.sequence, 4);
});

const MISFITS: [what: string, from: Fields, to: Fields, found: string, expected: string][] = [
  ["a missing one", {}, { a: new Float64Array(2) }, "absent", "Float64Array(2)"],
  ["one too many", { a: new Float64Array(2) }, {}, "Float64Array(2)", "absent"],
  [
    "another length",
    { a: new Float64Array(3) },
    { a: new Float64Array(2) },
    "Float64Array(3)",
    "Float64Array(2)",
  ],
  ["another kind", { a: new Int32Array(2) }, { a: new Float64Array(2) }, "Int32Array(2)", "Float64Array(2)"],
];

for (const [what, from, to, found, expected] of MISFITS)
  test(`fields with ${what} are refused by name`, () => {
    try {
      copyFields("g/toy", from, to);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, EigenwatchError);
      assert.is((error as EigenwatchError).kind, "input");
      const message = `Cannot restore g/toy: field a is ${found} in the snapshot; expected ${expected}`;
      assert.is((error as Error).message, message);
    }
  });

test.run();
