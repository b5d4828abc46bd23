/**
 * Numbers of registered state that are read and written by name.
 *
 *     const Scalars = namedNumbers("rows", "threshold");     one record: new Scalars()
 *     scalars.rows = scalars.rows + 1;                       is scalars.array[0]++
 *     const Episodes = namedNumbers("active", "startedUs");  n records: new Episodes(n)
 *     episodes.at(i).active = 1;                             moves the view to record i, and is episodes.array[2 * i] = 1
 *
 * All numbers are elements of one Float64Array, so they are hashed, saved and restored as one field. An access is as fast as an indexed one
 * and allocates nothing.
 */
import type { Fields } from "../ports/detector.ts";

type NamedNumbers<Name extends string> = Record<Name, number> & {
  readonly array: Float64Array;
  /** Moves the view to record `index` and returns it. It stays there until the next call. */
  at(index: number): NamedNumbers<Name>;
};

/** The class of records with these numbers, initially 0. */
export function namedNumbers<Name extends string>(
  ...names: readonly Name[]
): new (
  records?: number,
) => NamedNumbers<Name> {
  const width = names.length;
  class Numbers {
    readonly array: Float64Array;
    private first = 0;

    constructor(records = 1) {
      this.array = new Float64Array(records * width);
    }

    at(index: number): this {
      this.first = index * width;
      return this;
    }

    static define(name: string, offset: number): void {
      Object.defineProperty(Numbers.prototype, name, {
        get(this: Numbers): number {
          return this.array[this.first + offset]!;
        },
        set(this: Numbers, value: number) {
          this.array[this.first + offset] = value;
        },
      });
    }
  }
  names.forEach(Numbers.define);
  return Numbers as unknown as new (
    records?: number,
  ) => NamedNumbers<Name>;
}

/** The same arrays under the names `prefix.name`. */
export function prefixed(prefix: string, fields: Readonly<Fields>): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, array]) => [`${prefix}.${name}`, array]));
}
