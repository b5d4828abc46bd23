/** What a rule needs of a universe beside its columns. */
import type { NumberNode, Rule, RuleNode } from "../rules/rule.ts";
import { type Universe, withMarket } from "./universe.ts";

export function prepareUniverse(universe: Universe, rule: Rule): Universe {
  return comparesWithOthers(rule.root) ? withMarket(universe) : universe;
}

function comparesWithOthers(node: RuleNode): boolean {
  switch (node.kind) {
    case "number":
    case "column":
      return false;
    case "call":
      return (
        node.definition.comparesWithOthers === true ||
        (node.of !== null && comparesWithOthers(node.of as NumberNode))
      );
    case "not":
      return comparesWithOthers(node.of);
    default:
      return comparesWithOthers(node.left) || comparesWithOthers(node.right);
  }
}
