/**
 * The steps of a run as a hash, and on request as lines: two runs are equal if and only if these are.
 *
 *   +12.345678 n1 timer            an entry of the queue acted, 12.3 s after the start
 *   +12.345678   n1 event 17 …     a step of the protocol, indented
 */
import { StateHash } from "../../actors/core/mod.ts";

export class Trace {
  readonly #startUs: number;
  readonly #write: ((line: string) => void) | null;
  readonly #codes = new Map<string, number>();
  readonly #names: string[] = [];
  /** Two words, like FNV-1a with different multipliers: enough against chance, not against an adversary. */
  #a = 0x811c9dc5 | 0;
  #b = 0x9e3779b9 | 0;

  constructor(startUs: number, write: ((line: string) => void) | null) {
    this.#startUs = startUs;
    this.#write = write;
  }

  /** A small number for a name: steps are recorded without text. */
  intern(name: string): number {
    let code = this.#codes.get(name);
    if (code === undefined) {
      code = this.#names.length;
      this.#codes.set(name, code);
      this.#names.push(name);
    }
    return code;
  }

  nameOf(code: number): string {
    return this.#names[code] ?? "";
  }

  step(atUs: number, what: number): void {
    this.#mix(atUs % 0x1_0000_0000);
    this.#mix(what);
    this.#write?.(`+${seconds(atUs - this.#startUs)} ${this.#names[what]}`);
  }

  /** `number` and `text` identify the input or event. */
  note(atUs: number, what: number, number: number, text: string): void {
    this.#mix(atUs % 0x1_0000_0000);
    this.#mix(what);
    this.#mix(number);
    for (let k = 0; k < text.length; k++) this.#mix(text.charCodeAt(k));
    this.#write?.(`+${seconds(atUs - this.#startUs)}   ${this.#names[what]} ${number} ${text}`);
  }

  /** Hex. Covers the names, so that another order of codes gives another hash. */
  hash(): string {
    const names = new StateHash().reset(1).text(this.#names.join("\n")).digest();
    const words = [this.#a, this.#b, ...new Uint32Array(names.buffer.slice(0, 8))];
    return words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ (value | 0), 0x01000193);
    this.#b = Math.imul((this.#b ^ (value | 0)) + (this.#b >>> 15), 0x85ebca6b);
  }
}

function seconds(us: number): string {
  return (us / 1e6).toFixed(6);
}
