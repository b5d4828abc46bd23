/** Writes msgpack values in their shortest form, as the library does. Each `put` returns the position after the value. */
import { MAX_NAME_BYTES } from "./limits.ts";

/** A short key of a map: its type byte and ASCII. */
export function keyBytes(name: string): Uint8Array {
  return Uint8Array.from([0xa0 + name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))]);
}

/** Bytes as they are. A loop, because they are few: a key, a hash. */
export function putBytes(bytes: Uint8Array, at: number, constant: Uint8Array): number {
  for (let k = 0; k < constant.length; k++) bytes[at + k] = constant[k]!;
  return at + constant.length;
}

/** A name of 1 to MAX_NAME_BYTES of ASCII; for any other name it returns −1. */
export function putName(bytes: Uint8Array, at: number, name: string): number {
  const { length } = name;
  if (length === 0 || length > MAX_NAME_BYTES) return -1;
  if (length < 32) {
    bytes[at++] = 0xa0 + length;
  } else {
    bytes[at++] = 0xd9;
    bytes[at++] = length;
  }
  for (let k = 0; k < length; k++) {
    const letter = name.charCodeAt(k);
    if (letter >= 0x80) return -1;
    bytes[at++] = letter;
  }
  return at;
}

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

/** Header of a binary. At most 5 bytes. */
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
