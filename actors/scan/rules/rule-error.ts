/** A rule that cannot be read: an EigenwatchError that also says where, so that an editor can mark the place. */
import { EigenwatchError } from "../../../protocol/errors.ts";

/** A stretch of the rule's text, from `at` (counted from 0) to before `end`. */
export interface Place {
  readonly at: number;
  readonly end: number;
}

export class RuleError extends EigenwatchError {
  override readonly name = "RuleError";
  /** Counted from 1, as editors do. */
  readonly column: number;
  readonly length: number;

  constructor(place: Place, value: string, expected = "") {
    super({ action: `read the rule at column ${place.at + 1}`, value, expected, kind: "usage" });
    this.column = place.at + 1;
    this.length = Math.max(1, place.end - place.at);
  }
}

/** The rule with a mark under the place, as two lines for people. */
export function markedRule(rule: string, { column, length }: RuleError): [rule: string, mark: string] {
  return [rule, `${" ".repeat(column - 1)}${"^".repeat(length)}`];
}
