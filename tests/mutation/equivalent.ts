/**
 * Mutations that change nothing that can be seen from outside, each with the reason. They do not count.
 *
 * A mutation is named by its file, the text of its line and its replacement, so that it is still found when lines move. One that no
 * longer exists is reported: take it out.
 */
export interface Equivalent {
  readonly path: string;
  /** The whole line without its indentation. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    path: "actors/cluster/placement.ts",
    line: "let greatest = -1;",
    original: "1",
    replacement: "0",
    reason: "Without an owner the first node is taken whatever its weight.",
  },
  {
    path: "actors/core/open-injections.ts",
    line: "return JSON.stringify([group, channels, Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1))]);",
    original: "<",
    replacement: ">=",
    reason: "Keys differ from each other: they are sorted the other way round, at the begin and at the end.",
  },
  {
    path: "protocol/codec.ts",
    line: 'if (name === "samples") {',
    original: "===",
    replacement: "!==",
    reason:
      "The codec gives the same message as the fast reader, which returns null for all others: it is slower.",
  },
  {
    path: "actors/core/random.ts",
    line: "if (!this.state.some((word) => word !== 0)) this.state[0] = 1;",
    original: "1",
    replacement: "0",
    reason: "No seed and name are known whose hash has four words of zero.",
  },
  {
    path: "actors/core/hash.ts",
    line: "private words = 0;",
    original: "0",
    replacement: "(0 + 1)",
    reason: "Each use of a hash begins with `reset`, which sets the count.",
  },
  {
    path: "protocol/block.ts",
    line: "if (end > this.#bytes.length) this.#grow(end);",
    original: ">",
    replacement: ">=",
    reason: "A buffer that is exactly full grows one addition earlier.",
  },
  {
    path: "protocol/subjects.ts",
    line: 'metrics: "core→gateway",',
    original: '"core→gateway"',
    replacement: '""',
    reason: "Only the keys of the table are read; the texts are for its readers.",
  },
  {
    path: "actors/feeds/table/times.ts",
    line: "if (place >= 1) fraction += (bytes[p]! - ZERO) * place;",
    original: "1",
    replacement: "0",
    reason: "After the sixth digit place is 0, so that a further digit adds 0 either way.",
  },
  {
    path: "protocol/block.ts",
    line: "bytes[at + 3] = value >>> 24;",
    original: "24",
    replacement: "(24 + 1)",
    reason: "No length in a block reaches 2^24 bytes: an input has at most MAX_INPUT_BYTES.",
  },
  {
    path: "protocol/name-cache.ts",
    line: "const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);",
    original: "-",
    replacement: "+",
    reason: "Names share fewer slots of a cache that is checked byte by byte.",
  },
  {
    path: "protocol/messages.ts",
    line: "const NAMES_BY_CODE: (MessageName | undefined)[] = new Array<MessageName | undefined>(0x60).fill(undefined);",
    original: "0x60",
    replacement: "(0x60 + 1)",
    reason: "One more code without a name: undefined, as beyond the end.",
  },
  {
    path: "actors/detectors/rows/batch-buffer.ts",
    line: 'type: "frame",',
    original: '"frame"',
    replacement: '""',
    reason: "A batch gets its frame before anybody reads it.",
  },
  {
    path: "protocol/frame.ts",
    line: "} else if (timeUs > this.#last) {",
    original: ">",
    replacement: ">=",
    reason: "An equal time replaces itself.",
  },
  {
    path: "protocol/frame.ts",
    line: 'export function createScratchFrame(source = "", group = "", capacity = MAX_FRAME_SAMPLES): ScratchFrame {',
    original: '""',
    replacement: '"mutated"',
    reason: "Decoding sets the names of a scratch frame before anybody reads them.",
  },
  {
    path: "protocol/name-cache.ts",
    line: "const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);",
    original: "16",
    replacement: "(16 + 1)",
    reason: "Names get other slots of a cache that is checked byte by byte.",
  },
  {
    path: "protocol/block.ts",
    line: "#bytes = new Uint8Array(65_536);",
    original: "65_536",
    replacement: "(65_536 + 1)",
    reason: "The first size of a buffer that grows.",
  },
  {
    path: "protocol/samples.ts",
    line: "for (let k = 0; k < frameAt; k++) bytes[k] = head[k]!;",
    original: "<",
    replacement: "<=",
    reason: "The byte after the head is overwritten by the frame, or does not exist.",
  },
  {
    path: "actors/detectors/estimator/tick-signal.ts",
    line: "for (let k = 0; k < UPDATES_MAX && scalars.next <= now; k++, scalars.next += step) {",
    original: "0",
    replacement: "(0 + 1)",
    reason: "At most 13 of 16 updates happen: a silence of more than twelve steps begins anew.",
  },
  {
    path: "actors/detectors/estimator/tick-signal.ts",
    line: "for (let k = 0; k < UPDATES_MAX && scalars.next <= now; k++, scalars.next += step) {",
    original: "<",
    replacement: "<=",
    reason: "At most 13 of 16 updates happen: a silence of more than twelve steps begins anew.",
  },
  {
    path: "actors/detectors/estimator/tick-signal.ts",
    line: "for (let k = 0; k < UPDATES_MAX && scalars.next <= now; k++, scalars.next += step) {",
    original: "k++",
    replacement: "k--",
    reason: "At most 13 of 16 updates happen: a silence of more than twelve steps begins anew.",
  },
  {
    path: "actors/detectors/estimator/tick-signal.ts",
    line: "for (let c = 0; c < this.n; c++) {",
    original: "<",
    replacement: "<=",
    reason: "A typed array ignores what is written beyond its end.",
  },
  {
    path: "actors/journal/tail.ts",
    line: "let scanned = -1;",
    original: "1",
    replacement: "0",
    reason: "An empty file has nothing to scan.",
  },
  {
    path: "actors/journal/tail.ts",
    line: "let scanned = -1;",
    original: "-1",
    replacement: "+1",
    reason: "One byte is no record: it is looked at again when the writer has left.",
  },
  {
    path: "actors/journal/tail.ts",
    line: "if (this.at < size) yield* this.scan(from, size, seen.next !== null);",
    original: "<",
    replacement: "<=",
    reason: "To scan nothing returns nothing.",
  },
  {
    path: "actors/detectors/trajectory/detector.ts",
    line: "const distance = 0.5 * Math.sqrt(n) * hilbertSchmidtDistance(n, re, im, referenceRe, referenceIm);",
    original: "0.5",
    replacement: "(0.5 + 1)",
    reason:
      "The bound decides less often, and the fidelity itself, which lies above it, then decides the same.",
  },
  {
    path: "actors/workers/pool.ts",
    line: "this.waiting = null;",
    original: "this.waiting = null;",
    replacement: ";",
    reason: "Whoever waits is told once: what settles a promise again does nothing.",
  },
  {
    path: "actors/filters/scorer.ts",
    line: "anomaly: { ...anomaly, averageUs: 0 },",
    original: "0",
    replacement: "(0 + 1)",
    reason: "Times are whole microseconds, so no two rows are closer together than one.",
  },
  {
    path: "actors/cluster/ownership.ts",
    line: "this.log = null;",
    original: "this.log = null;",
    replacement: ";",
    reason:
      "The journal that was closed has ended this log, ending it again changes nothing, and the next read replaces it.",
  },
  {
    path: "actors/filters/row-reader.ts",
    line: "if (!finite) return false;",
    original: "false",
    replacement: "true",
    reason: "No row was added, so the detector, when it is asked again, says what it said before.",
  },
  {
    path: "actors/filters/detect.ts",
    line: "let lastTimeUs = 0;",
    original: "0",
    replacement: "(0 + 1)",
    reason:
      "The first row, if its time cannot be read, is scored at some time of 1970; it is printed as it stood.",
  },
  {
    path: "actors/journal/batch.ts",
    line: "const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));",
    original: "*",
    replacement: "/",
    reason: "The buffer grows by as much as is needed: more copies, the same bytes.",
  },
  {
    path: "actors/journal/memory.ts",
    line: "async *read(from = 0): AsyncGenerator<JournalEntry> {",
    original: "0",
    replacement: "(0 + 1)",
    reason: "The first block has the number 1.",
  },
];
