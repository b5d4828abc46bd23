/** A universe in memory, as requests have it: its symbols by name, and the columns that rules needed of it so far. */
import type { Rule } from "../rules/rule.ts";
import { prepareUniverse } from "./prepare.ts";
import type { Universe } from "./universe.ts";

export class PreparedUniverse {
  readonly name: string;
  /** Index of each symbol. */
  readonly places: ReadonlyMap<string, number>;
  private universe: Universe;

  constructor(name: string, universe: Universe) {
    this.name = name;
    this.universe = universe;
    this.places = new Map(universe.data.symbols.map((symbol, index) => [symbol, index]));
  }

  get loaded(): Universe {
    return this.universe;
  }

  prepared(rule: Rule): Universe {
    this.universe = prepareUniverse(this.universe, rule);
    return this.universe;
  }
}
