/**
 * Converts columns of numbers to binary fields, little-endian on every machine, and back.
 *
 * A binary field of a decoded message may begin at any byte, so it cannot be viewed as a typed array; these functions copy it into one.
 * They convert the first `count` elements (default: all). O(count).
 */

export function float64Bytes(
  column: ArrayLike<number>,
  count: number = column.length,
): Uint8Array<ArrayBuffer> {
  const data = new DataView(new ArrayBuffer(8 * count));
  for (let k = 0; k < count; k++) data.setFloat64(8 * k, column[k]!, true);
  return new Uint8Array(data.buffer);
}

export function float32Bytes(
  column: ArrayLike<number>,
  count: number = column.length,
): Uint8Array<ArrayBuffer> {
  const data = new DataView(new ArrayBuffer(4 * count));
  for (let k = 0; k < count; k++) data.setFloat32(4 * k, column[k]!, true);
  return new Uint8Array(data.buffer);
}

export function uint32Bytes(
  column: ArrayLike<number>,
  count: number = column.length,
): Uint8Array<ArrayBuffer> {
  const data = new DataView(new ArrayBuffer(4 * count));
  for (let k = 0; k < count; k++) data.setUint32(4 * k, column[k]!, true);
  return new Uint8Array(data.buffer);
}

export function uint16Bytes(
  column: ArrayLike<number>,
  count: number = column.length,
): Uint8Array<ArrayBuffer> {
  const data = new DataView(new ArrayBuffer(2 * count));
  for (let k = 0; k < count; k++) data.setUint16(2 * k, column[k]!, true);
  return new Uint8Array(data.buffer);
}

export function float64Column(bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const data = viewOf(bytes);
  const column = new Float64Array(Math.floor(bytes.length / 8));
  for (let k = 0; k < column.length; k++) column[k] = data.getFloat64(8 * k, true);
  return column;
}

export function float32Column(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const data = viewOf(bytes);
  const column = new Float32Array(Math.floor(bytes.length / 4));
  for (let k = 0; k < column.length; k++) column[k] = data.getFloat32(4 * k, true);
  return column;
}

export function uint32Column(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const data = viewOf(bytes);
  const column = new Uint32Array(Math.floor(bytes.length / 4));
  for (let k = 0; k < column.length; k++) column[k] = data.getUint32(4 * k, true);
  return column;
}

export function uint16Column(bytes: Uint8Array): Uint16Array<ArrayBuffer> {
  const data = viewOf(bytes);
  const column = new Uint16Array(Math.floor(bytes.length / 2));
  for (let k = 0; k < column.length; k++) column[k] = data.getUint16(2 * k, true);
  return column;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
