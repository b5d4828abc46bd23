// runtime: either
/** The structure of msgpack bytes against the specification (github.com/msgpack/msgpack), type byte by type byte. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LimitExceeded, MalformedMessage } from "../../protocol/errors.ts";
import { checkStructure } from "../../protocol/msgpack-structure.ts";
import { refuses } from "./refusal.ts";

const NIL = 0xc0;
const EMPTY_TEXT = 0xa0;
const PAIR = [EMPTY_TEXT, NIL];

const times = (count: number, bytes: readonly number[]) => Array.from({ length: count }, () => bytes).flat();

/** The shortest value that begins with the byte, with content where it has some; null where the type is not allowed. */
function shortest(head: number): number[] | null {
  if (head < 0x80 || head >= 0xe0) return [head];
  if (head < 0x90) return [head, ...times(head - 0x80, PAIR)];
  if (head < 0xa0) return [head, ...times(head - 0x90, [NIL])];
  if (head < 0xc0) return [head, ...times(head - 0xa0, [0x41])];
  const sized = VALUES[head];
  return sized === undefined ? null : [head, ...sized];
}

const one = (lengthBytes: number, content: readonly number[]) => [
  ...times(lengthBytes - 1, [0]),
  1,
  ...content,
];

/** What follows the type byte, for those from 0xc0 to 0xdf that are allowed. */
const VALUES: Readonly<Record<number, number[]>> = {
  192: [],
  194: [],
  195: [],
  196: one(1, [9]),
  197: one(2, [9]),
  198: one(4, [9]),
  202: times(4, [7]),
  203: times(8, [7]),
  204: [7],
  205: times(2, [7]),
  206: times(4, [7]),
  207: times(8, [7]),
  208: [7],
  209: times(2, [7]),
  210: times(4, [7]),
  211: times(8, [7]),
  217: one(1, [0x41]),
  218: one(2, [0x41]),
  219: one(4, [0x41]),
  220: one(2, [NIL]),
  221: one(4, [NIL]),
  222: one(2, PAIR),
  223: one(4, PAIR),
};

const check = (bytes: readonly number[], start = 0) => checkStructure("read", Uint8Array.from(bytes), start);

test("each type is one value: no byte may be missing, and none may follow", () => {
  for (let head = 0; head < 256; head++) {
    const value = shortest(head);
    if (value === null) continue;
    check(value);
    check([1, 2, ...value], 2);
    for (let cut = 0; cut < value.length; cut++)
      refuses(() => check(value.slice(0, cut)), MalformedMessage, /the bytes end inside the value at byte/);
    refuses(
      () => check([...value, NIL]),
      MalformedMessage,
      new RegExp(`1 bytes after the end of the message at byte ${value.length}`),
    );
  }
});

test("extension types and the byte that is never used are refused", () => {
  const refused = Array.from({ length: 256 }, (_, head) => head).filter((head) => shortest(head) === null);
  assert.equal(refused, [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]);
  for (const head of refused)
    refuses(
      () => check([0x92, NIL, head, ...times(20, [0])]),
      MalformedMessage,
      new RegExp(`type byte 0x${head.toString(16)} at byte 2`),
    );
});

test("lengths of two and four bytes are big-endian", () => {
  for (const [head, unit] of [
    [0xc5, 1],
    [0xda, 1],
    [0xdc, 1],
    [0xde, 2],
  ] as const)
    check([head, 1, 2, ...times(unit * 0x102, unit === 1 ? [NIL] : [EMPTY_TEXT])]);
  for (const head of [0xc6, 0xdb, 0xdd]) {
    check([head, 0, 1, 2, 3, ...times(0x10203, [NIL])]);
    refuses(() => check([head, 0, 1, 2, 3, ...times(0x10202, [NIL])]), MalformedMessage, /stated length/);
    refuses(() => check([head, 1, 0, 0, 0, ...times(0x10203, [NIL])]), MalformedMessage, /stated length/);
  }
});

test("keys of maps are strings, values are anything", () => {
  for (let head = 0; head < 256; head++) {
    const value = shortest(head);
    if (value === null) continue;
    check([0x82, EMPTY_TEXT, ...value, EMPTY_TEXT, NIL]);
    const isText = (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb);
    const asKey = [0x82, ...PAIR, ...value, NIL];
    if (isText) check(asKey);
    else
      refuses(
        () => check(asKey),
        MalformedMessage,
        new RegExp(`a map key of type 0x${head.toString(16)} at byte 3`),
      );
  }
});

test("values are at most 16 levels deep", () => {
  const nested = (depth: number) => [...times(depth, [0x91]), NIL];
  check(nested(16));
  refuses(() => check(nested(17)), LimitExceeded, /nesting deeper than 16 at byte 17/);
  check([0x92, ...nested(15), ...nested(15)]);
});

test.run();
