/** An update of Yjs, read without being applied. */
import * as Y from "yjs";

type Decoded = ReturnType<typeof Y.decodeUpdate>;

export interface DecodedUpdate extends Decoded {
  /** Bytes that were read: fewer than there are where something stands behind the update. */
  readonly end: number;
}

/** The last one: an edit that was judged is applied next, and reading it takes as long as judging it. */
let last: { readonly update: Uint8Array; readonly decoded: DecodedUpdate } | null = null;

/** Throws for bytes that are no update. Nobody changes what it returns, nor the bytes. */
export function decodedUpdate(update: Uint8Array): DecodedUpdate {
  if (last?.update === update) return last.decoded;
  const decoded = { ...Y.decodeUpdateV2(update, ObservedDecoder), end: 0 };
  decoded.end = ObservedDecoder.last!.pos;
  last = { update, decoded };
  return decoded;
}

/** Yjs does not say how much it has read: its reader does. */
class ObservedDecoder extends Y.UpdateDecoderV1 {
  /** Of the update that was decoded last. */
  static last: { readonly pos: number } | null = null;

  constructor(decoder: ConstructorParameters<typeof Y.UpdateDecoderV1>[0]) {
    super(decoder);
    ObservedDecoder.last = decoder;
  }
}
