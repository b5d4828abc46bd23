/**
 * The whole state of a core as bytes, and back.
 *
 * msgpack of `{version, control, groups, actors}`; typed arrays are extension values of their kind, little-endian, so that an array comes
 * back as what it was. A snapshot of another state version is not restored: the log is folded from its start, or from a usable snapshot.
 */
import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Fields, TypedArray } from "../ports/detector.ts";
import type { SavedMachine } from "./host.ts";
import { STATE_VERSION } from "./state-version.ts";

export interface SavedActor {
  key: string;
  machine: SavedMachine;
  stopped: boolean;
  restarts: number[];
  random: Uint32Array;
  fields: Fields;
}

export interface SavedCore<Control = unknown> {
  control: Control;
  /** Fields of the row assembler of each group, in the order of `control.groups`. */
  groups: Fields[];
  actors: SavedActor[];
}

export function writeSnapshot(saved: SavedCore): Uint8Array {
  return new Encoder({ extensionCodec: typedArrays }).encode({ version: STATE_VERSION, ...saved });
}

export function readSnapshot(bytes: Uint8Array): SavedCore {
  // A Buffer's `slice` is a view and its `subarray` a Buffer: neither is expected below.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const saved = new Decoder({ extensionCodec: typedArrays }).decode(plain) as SavedCore & { version: number };
  if (saved.version !== STATE_VERSION) throw new OtherStateVersion(saved.version);
  return saved;
}

/** The snapshot was written by a program whose registered state was another. */
export class OtherStateVersion extends EigenwatchError {
  override readonly name = "OtherStateVersion";
  constructor(version: number) {
    super({
      action: "restore a snapshot",
      value: `it has state version ${version}`,
      expected: `state version ${STATE_VERSION}`,
      kind: "input",
    });
  }
}

/** Copies saved arrays back into live ones; both must have the same names, kinds and lengths. */
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
