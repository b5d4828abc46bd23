/** The keys in the body of a frame as they are on the wire: type byte and ASCII. */

export const GROUP = key("group");
export const SOURCE = key("source");
export const SEQUENCE = key("sequence");
export const T0 = key("t0");
export const DT = key("dt");
export const CHANNEL = key("channel");
export const VALUE = key("value");
export const SIZE = key("size");

function key(name: string): Uint8Array {
  return Uint8Array.from([0xa0 + name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))]);
}
