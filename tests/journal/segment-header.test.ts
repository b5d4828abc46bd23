// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_PREFIX_BYTES,
  segmentHeaderBytes,
} from "../../actors/journal/segment-header.ts";

const HEADER = { partition: "p0", firstBlock: 5_000_000_000, createdFrom: { feeds: ["host"], seed: 1 } };

test("a segment header comes back as it was written, also with bytes after it", () => {
  const bytes = encodeSegmentHeader(HEADER);
  const read = { ...HEADER, notesBeginning: true };
  assert.equal(decodeSegmentHeader(bytes, "x.seg"), read);
  assert.equal(decodeSegmentHeader(Uint8Array.of(...bytes, 1, 2, 3), "x.seg"), read);
  assert.is(segmentHeaderBytes(bytes.subarray(0, SEGMENT_PREFIX_BYTES)), bytes.length);
});

test("a segment begins with the bytes by which programs know it", () => {
  const magic = [...encodeSegmentHeader(HEADER).subarray(0, 8)];
  assert.equal(
    magic,
    [..."EWSEG\0\r\n"].map((letter) => letter.charCodeAt(0)),
  );
});

test("a length that no header has begins no segment", () => {
  const least = encodeSegmentHeader({ ...HEADER, partition: "", createdFrom: {} }).length - 2;
  const withLength = (length: number) => {
    const bytes = encodeSegmentHeader(HEADER).subarray(0, SEGMENT_PREFIX_BYTES);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, length, true);
    return segmentHeaderBytes(bytes);
  };
  assert.equal([withLength(least), withLength(least - 1), withLength(2 ** 31)], [least, null, null]);
});

test("a header with any byte changed, or cut anywhere, is damaged", () => {
  const bytes = encodeSegmentHeader(HEADER);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 0x40;
    assert.is(decodeSegmentHeader(changed, "x.seg"), null, `byte ${at}`);
    assert.is(decodeSegmentHeader(bytes.slice(0, at), "x.seg"), null, `${at} bytes`);
  }
});

test.run();
