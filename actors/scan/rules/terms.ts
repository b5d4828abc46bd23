/**
 * What a rule looks for, as a list of terms that other rules share: `rsi(9) < 25 and volume_spike(10) > 2` looks for a low rsi and a high
 * volume_spike, whatever their periods and thresholds.
 */
import { type ConditionNode, isCondition, type NumberNode, type Rule } from "./rule.ts";

type Direction = "high" | "low";

/** "rsi low", "volume_spike high"; each once, in the order of the text. */
export function termsOf({ root }: Rule): string[] {
  const terms = new Set<string>();
  if (isCondition(root)) collectCondition(root, true, terms);
  else collectNumber(root, "high", "", terms);
  return [...terms];
}

/** `holds`: the rule looks for symbols for which it holds; else for those for which it does not. */
function collectCondition(node: ConditionNode, holds: boolean, terms: Set<string>): void {
  switch (node.kind) {
    case "comparison":
      if (node.sign === "==" || node.sign === "!=") return;
      collectSides(node.left, node.right, node.sign.startsWith(">") === holds, "", terms);
      return;
    case "crossing":
      collectSides(node.left, node.right, (node.direction === "above") === holds, "crosses ", terms);
      return;
    case "not":
      collectCondition(node.of, !holds, terms);
      return;
    default:
      collectCondition(node.left, holds, terms);
      collectCondition(node.right, holds, terms);
  }
}

/** `leftHigh`: it looks for a left side above the right one. Of one function with two periods the shorter is called fast. */
function collectSides(
  left: NumberNode,
  right: NumberNode,
  leftHigh: boolean,
  prefix: string,
  terms: Set<string>,
): void {
  const [speedLeft, speedRight] = speedsOf(left, right);
  collectNumber(left, leftHigh ? "high" : "low", prefix + speedLeft, terms);
  collectNumber(right, leftHigh ? "low" : "high", prefix + speedRight, terms);
}

function speedsOf(left: NumberNode, right: NumberNode): [string, string] {
  if (left.kind !== "call" || right.kind !== "call" || left.definition !== right.definition) return ["", ""];
  const difference = (left.parameters[0] ?? 0) - (right.parameters[0] ?? 0);
  if (difference === 0) return ["", ""];
  return difference < 0 ? ["fast ", "slow "] : ["slow ", "fast "];
}

function collectNumber(node: NumberNode, direction: Direction, prefix: string, terms: Set<string>): void {
  if (node.kind === "number") return;
  if (node.kind !== "arithmetic") {
    terms.add(`${prefix}${nameOf(node)} ${direction}`);
    return;
  }
  collectNumber(node.left, direction, prefix, terms);
  // What is divided by is a unit: atr(14) / close looks for a high range, not for a low price.
  if (node.sign === "/") return;
  collectNumber(node.right, node.sign === "-" ? opposite(direction) : direction, prefix, terms);
}

/** Without parameters: "rsi", "sma of volume". */
function nameOf(node: NumberNode): string {
  if (node.kind !== "call") return node.text;
  const name = node.text.slice(0, node.text.indexOf("("));
  const { of, definition } = node;
  return of === null || of.text === definition.of ? name : `${name} of ${nameOf(of)}`;
}

function opposite(direction: Direction): Direction {
  return direction === "high" ? "low" : "high";
}
