/**
 * The whole state of a core as bytes, and back.
 *
 * msgpack of `{version, control, fronts, cells}`; typed arrays are extension values of their kind, little-endian, so that an array comes
 * back as what it was. Made for one version of the program: other layouts are refused by name when fields are copied back.
 */
import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import type { Fields, TypedArray } from "../ports/detector.ts";
import type { SavedActor } from "./actor.ts";

/** Grows when the layout of a snapshot changes; an older one is not used, the log is replayed instead. */
export const SNAPSHOT_VERSION = 1;

export interface SavedCore<Control = unknown> {
  control: Control;
  fronts: Fields[];
  cells: SavedActor[];
}

export function writeSnapshot(saved: SavedCore): Uint8Array {
  return new Encoder({ extensionCodec: typedArrays }).encode({ version: SNAPSHOT_VERSION, ...saved });
}

export function readSnapshot(bytes: Uint8Array): SavedCore {
  // A Buffer's `slice` is a view and its `subarray` a Buffer: neither is expected below.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const saved = new Decoder({ extensionCodec: typedArrays }).decode(plain) as SavedCore & { version: number };
  if (saved.version !== SNAPSHOT_VERSION) {
    throw new Error(`Cannot restore snapshot: version ${saved.version}; expected ${SNAPSHOT_VERSION}`);
  }
  return saved;
}

const KINDS = [Float64Array, Int32Array, Uint32Array, Uint16Array] as const;

const typedArrays = new ExtensionCodec();
KINDS.forEach((Kind, code) => {
  typedArrays.register({
    type: code,
    encode: (value) =>
      value instanceof Kind ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
    // Copied: the bytes may stand at any offset, the array needs its own alignment.
    decode: (data) => new Kind(data.slice().buffer as ArrayBuffer) as TypedArray,
  });
});
