/** Writes msgpack values in their shortest form, as the library does. Each function returns the position after the value. */

/** A safe integer; −0 as 0. At most 9 bytes. */
export function putInteger(bytes: Uint8Array, data: DataView, at: number, value: number): number {
  if (value < 0) return putNegative(bytes, data, at, value);
  if (value < 0x80) {
    bytes[at] = value;
    return at + 1;
  }
  if (value < 0x100) {
    bytes[at] = 0xcc;
    bytes[at + 1] = value;
    return at + 2;
  }
  if (value < 0x10000) {
    bytes[at] = 0xcd;
    data.setUint16(at + 1, value);
    return at + 3;
  }
  if (value < 0x100000000) {
    bytes[at] = 0xce;
    data.setUint32(at + 1, value);
    return at + 5;
  }
  bytes[at] = 0xcf;
  return putHalves(data, at + 1, value);
}

function putNegative(bytes: Uint8Array, data: DataView, at: number, value: number): number {
  if (value >= -0x20) {
    bytes[at] = 0x100 + value;
    return at + 1;
  }
  if (value >= -0x80) {
    bytes[at] = 0xd0;
    data.setInt8(at + 1, value);
    return at + 2;
  }
  if (value >= -0x8000) {
    bytes[at] = 0xd1;
    data.setInt16(at + 1, value);
    return at + 3;
  }
  if (value >= -0x80000000) {
    bytes[at] = 0xd2;
    data.setInt32(at + 1, value);
    return at + 5;
  }
  bytes[at] = 0xd3;
  return putHalves(data, at + 1, value);
}

/** 64 bits, big-endian: floor keeps the low half positive, which is two's complement for a negative value. */
function putHalves(data: DataView, at: number, value: number): number {
  const high = Math.floor(value / 0x100000000);
  data.setInt32(at, high);
  data.setUint32(at + 4, value - high * 0x100000000);
  return at + 8;
}

/** Header of a binary of at most MAX_FRAME_BYTES. At most 5 bytes. */
export function putBinaryHeader(bytes: Uint8Array, data: DataView, at: number, length: number): number {
  if (length < 0x100) {
    bytes[at] = 0xc4;
    bytes[at + 1] = length;
    return at + 2;
  }
  if (length < 0x10000) {
    bytes[at] = 0xc5;
    data.setUint16(at + 1, length);
    return at + 3;
  }
  bytes[at] = 0xc6;
  data.setUint32(at + 1, length);
  return at + 5;
}
