/**
 * Writes the whole state of a core as bytes, and reads it back.
 *
 * The bytes are msgpack of `{version, control, rows, groups, actors}`. Each kind of typed array is an extension type, little-endian, so that an
 * array is read back with its type. Names of people, such as groups, may be keys: those that msgpack refuses to read are escaped. A snapshot of a version that cannot be continued is refused: the state is then computed from an older
 * usable snapshot or from the start of the log.
 */
import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Fields, TypedArray } from "../ports/detector.ts";
import type { SavedMachine } from "./machine-host.ts";
import type { SavedPart } from "./parts.ts";
import { OLDER_STATES, STATE_VERSION } from "./state-version.ts";

export interface SavedActor {
  key: string;
  /** Of its definition. Absent: 1. */
  version?: number;
  machine: SavedMachine;
  stopped: boolean;
  restarts: number[];
  random: Uint32Array;
  fields: Fields;
  /** Of an actor that keeps state of any length. */
  kept?: Uint8Array;
  /** Absent for an actor without parts. */
  parts?: readonly SavedPart[];
}

export interface SavedCore<Control = unknown> {
  control: Control;
  /** Of the row assembler. Absent: 1. */
  rows?: number;
  /** Fields of the row assembler of each group, in the order of `control.groups`. */
  groups: Fields[];
  actors: SavedActor[];
}

/** Of an encoder whose snapshot is as long as the last one: running out of room, it copies all it has. */
const ROOM = { least: 2_048, times: 1.05 } as const;

/** Of the last snapshot that was written, of any core. */
let lastLength = 0;

export function writeSnapshot(saved: SavedCore): Uint8Array {
  const written = withKeys({ version: STATE_VERSION, ...saved }, escapedKey);
  const room = Math.max(ROOM.least, Math.ceil(ROOM.times * lastLength));
  const bytes = new Encoder({ extensionCodec: typedArrays, initialBufferSize: room }).encodeSharedRef(
    written,
  );
  lastLength = bytes.length;
  // The encoder is of this snapshot alone: its buffer need not be copied, unless much of it would be kept for nothing.
  return ROOM.times * ROOM.times * bytes.length < bytes.buffer.byteLength ? bytes.slice() : bytes;
}

/** The snapshot is sound, but of a version of the state or of an actor that this program cannot continue. */
export class OtherVersion extends EigenwatchError {
  override readonly name = "OtherVersion";

  constructor(value: string, expected: string) {
    super({ action: "restore a snapshot", value, expected, kind: "input" });
  }
}

/** State versions of the snapshots that can be restored. */
const READABLE = [
  ...Object.keys(OLDER_STATES).filter((version) => OLDER_STATES[Number(version)]!.control !== undefined),
  STATE_VERSION,
];

export function readSnapshot(bytes: Uint8Array): SavedCore {
  // A Buffer's `slice` shares memory and its `subarray` returns a Buffer. The code below needs a plain Uint8Array.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = new Decoder({ extensionCodec: typedArrays }).decode(plain);
  const saved = withKeys(read, unescapedKey) as SavedCore & { version: number };
  if (saved.version === STATE_VERSION) return saved;
  const control = OLDER_STATES[saved.version]?.control;
  if (control !== undefined) return { ...saved, control: control(saved.control as object) };
  throw new OtherVersion(`it has state version ${saved.version}`, `state version ${READABLE.join(" or ")}`);
}

const ESCAPE = "\u0000";

function escapedKey(key: string): string {
  return key === "__proto__" || key.startsWith(ESCAPE) ? ESCAPE + key : key;
}

function unescapedKey(key: string): string {
  return key.startsWith(ESCAPE) ? key.slice(ESCAPE.length) : key;
}

/** `value` with other keys in its maps, at any depth: the same object where none is another. */
function withKeys(value: unknown, keyOf: (key: string) => string): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => withKeys(item, keyOf));
    return items.every((item, k) => item === value[k]) ? value : items;
  }
  let isSame = true;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    const entry: [string, unknown] = [keyOf(key), withKeys(item, keyOf)];
    isSame &&= entry[0] === key && entry[1] === item;
    return entry;
  });
  // It defines keys, and so does not set a prototype.
  return isSame ? value : Object.fromEntries(entries);
}

/** Refuses the state of another version of an actor. */
export function checkVersion(actor: string, saved: number | undefined, current: number): void {
  if ((saved ?? 1) !== current)
    throw new OtherVersion(`${actor} has version ${saved ?? 1} in it`, `version ${current}`);
}

/** Copies saved arrays into live ones. Both must have the same names, types and lengths. */
export function copyFields(actor: string, from: Fields, to: Fields): void {
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const source = from[name];
    const target = to[name];
    if (!source || !target || source.length !== target.length || source.constructor !== target.constructor) {
      throw new EigenwatchError({
        action: `restore ${actor}`,
        value: `field ${name} is ${describe(source)} in the snapshot`,
        expected: describe(target),
        kind: "input",
      });
    }
    target.set(source as never);
  }
}

function describe(array: Fields[string] | undefined): string {
  return array ? `${array.constructor.name}(${array.length})` : "absent";
}

/** Whether a snapshot keeps it as it is. */
export function isField(value: unknown): value is TypedArray {
  return [...KINDS, Uint8Array].some((Kind) => value instanceof Kind);
}

const KINDS = [Float64Array, Int32Array, Uint32Array, Uint16Array] as const;

const typedArrays = new ExtensionCodec();
KINDS.forEach((Kind, code) => {
  typedArrays.register({
    type: code,
    encode: (value) =>
      value instanceof Kind ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
    // Copies, because the bytes may start at any offset but the array needs an aligned one.
    decode: (data) => new Kind(data.slice().buffer as ArrayBuffer) as TypedArray,
  });
});
