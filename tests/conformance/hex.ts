/** Bytes as text, for files that people compare. */

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A message as JSON that another language can read: binary as { "hex": … }, columns as arrays, −0 as the text "-0". */
export function toJson(message: object): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) => {
      if (value instanceof Uint8Array) return { hex: toHex(value) };
      if (ArrayBuffer.isView(value))
        return Array.from(value as Float64Array, (x) => (Object.is(x, -0) ? "-0" : x));
      return value;
    }),
  );
}
