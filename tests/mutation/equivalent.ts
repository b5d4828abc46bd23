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
    path: "protocol/frame-decode.ts",
    line: "at = -1;",
    original: "-1",
    replacement: "+1",
    reason: "No key begins at byte 1, the version: the next readKey returns false as it does at -1.",
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
    path: "protocol/frame-decode.ts",
    line: "if (length === 0 || length > MAX_NAME_BYTES || at + length > bytes.length) {",
    original: ">",
    replacement: ">=",
    reason: "A frame goes on after its names: one that ends with a name is refused in either case.",
  },
];
