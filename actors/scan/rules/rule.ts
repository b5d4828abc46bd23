/**
 * A rule: a small typed expression over the columns of one symbol.
 *
 *   rsi(14) < 30 and coherence(20) > 0.5
 *
 *   rule        ─► either         either ─► both ("or" both)*         both ─► negated ("and" negated)*
 *   negated     ─► "not" negated | comparison                        comparison ─► sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
 *   sum         ─► product (("+" | "-") product)*                     product ─► signed (("*" | "/") signed)*
 *   signed      ─► "-" signed | number | column | name "(" … ")" | "(" either ")"
 *
 * P1  A rule is a tree of the rows of functions.ts: nothing of it is ever run as code.
 * P2  What cannot be read is refused at its column, before any symbol is looked at: also a number where a condition must stand, and the reverse.
 */
import { expectedAmong } from "../../../protocol/closest-name.ts";
import { FUNCTIONS, type Parameter, type RuleFunction } from "./functions.ts";
import { type Place, RuleError } from "./rule-error.ts";
import { COLUMNS } from "./symbol-view.ts";
import { type Token, tokensOf } from "./tokens.ts";

export type ComparisonSign = "<" | "<=" | ">" | ">=" | "==" | "!=";
export type ArithmeticSign = "+" | "-" | "*" | "/";

/** A number of each row. `text` is the one way of writing it: equal texts are computed once. */
export type NumberNode =
  | { readonly kind: "number"; readonly text: string; readonly value: number }
  | { readonly kind: "column"; readonly text: string; readonly column: string }
  | {
      readonly kind: "call";
      readonly text: string;
      readonly definition: RuleFunction;
      /** Null where the function reads what it needs itself. */
      readonly of: NumberNode | null;
      readonly parameters: readonly number[];
    }
  | {
      readonly kind: "arithmetic";
      readonly text: string;
      readonly sign: ArithmeticSign;
      readonly left: NumberNode;
      readonly right: NumberNode;
    };

/** True or false of each row. */
export type ConditionNode =
  | {
      readonly kind: "comparison";
      readonly sign: ComparisonSign;
      readonly left: NumberNode;
      readonly right: NumberNode;
    }
  | {
      readonly kind: "crossing";
      readonly direction: "above" | "below";
      readonly left: NumberNode;
      readonly right: NumberNode;
    }
  | { readonly kind: "both" | "either"; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: "not"; readonly of: ConditionNode };

export type RuleNode = NumberNode | ConditionNode;

export interface Rule {
  readonly text: string;
  readonly root: RuleNode;
  /** What explains a result: every column and function that is not inside of another one, in the order of the text. */
  readonly explained: readonly NumberNode[];
}

/** Values of parameters by function and name, in place of those of the text: {"rsi.period": 9}. */
export type ParameterValues = Readonly<Record<string, number>>;

/** Nested parentheses and functions: a person loses track after five. */
export const MAX_RULE_DEPTH = 32;
/** Functions of one rule: what a table of results has room for. */
export const MAX_RULE_FUNCTIONS = 32;

/** What a rule may name. */
export interface RuleNames {
  readonly columns: readonly string[];
  readonly functions: Readonly<Record<string, RuleFunction>>;
  readonly crossings: Readonly<Record<string, "above" | "below">>;
  /** A rule, for errors. */
  readonly example: string;
}

/** Of what has values, and no rows: `a > 1 and b < 2`. */
export function namesOfValues(columns: readonly string[]): RuleNames {
  return { columns, functions: {}, crossings: {}, example: `${columns[0]} < 1` };
}

/** `values`: in place of the parameters of the text. Throws a RuleError. */
export function parseRule(text: string, values: ParameterValues = {}, names: RuleNames = OF_SYMBOLS): Rule {
  const parser = new RuleParser(text, values, names);
  const root = parser.parse();
  return { text: text.trim(), root, explained: parser.explained() };
}

export function isCondition(node: RuleNode): node is ConditionNode {
  return (
    node.kind === "comparison" ||
    node.kind === "crossing" ||
    node.kind === "both" ||
    node.kind === "either" ||
    node.kind === "not"
  );
}

const COMPARISONS: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "==", "!="]);
const CROSSINGS = { crosses_above: "above", crosses_below: "below" } as const;
const WORDS = ["and", "or", "not"];

const OF_SYMBOLS: RuleNames = {
  columns: COLUMNS,
  functions: FUNCTIONS,
  crossings: CROSSINGS,
  example: "rsi(14) < 30",
};

type Parsed<Node extends RuleNode = RuleNode> = Place & { readonly node: Node };

class RuleParser {
  private readonly tokens: readonly Token[];
  private readonly values: ParameterValues;
  private readonly names: RuleNames;
  private readonly outermost = new Map<string, NumberNode>();
  private place = 0;
  private depth = 0;
  private calls = 0;

  constructor(text: string, values: ParameterValues, names: RuleNames) {
    this.tokens = tokensOf(text);
    this.values = values;
    this.names = names;
  }

  parse(): RuleNode {
    if (this.next.kind === "end") throw new RuleError(this.next, "it is empty", this.names.example);
    const { node } = this.either();
    const { next } = this;
    if (next.kind !== "end") {
      const chained = COMPARISONS.has(next.text);
      throw new RuleError(
        next,
        chained ? "a comparison has two sides" : `"${next.text}" follows a complete rule`,
        chained ? "and between two comparisons" : "and, or, a comparison, or the end",
      );
    }
    this.explain(node);
    return node;
  }

  explained(): NumberNode[] {
    return [...this.outermost.values()];
  }

  private get next(): Token {
    return this.tokens[this.place]!;
  }

  private either(): Parsed {
    let left = this.both();
    while (this.takes("or")) left = joined("either", left, this.both());
    return left;
  }

  private both(): Parsed {
    let left = this.negated();
    while (this.takes("and")) left = joined("both", left, this.negated());
    return left;
  }

  private negated(): Parsed {
    const { at } = this.next;
    if (!this.takes("not")) return this.comparison();
    const of = this.deeper(() => this.negated());
    return { at, end: of.end, node: { kind: "not", of: condition(of) } };
  }

  private comparison(): Parsed {
    const left = this.sum();
    const { text, kind } = this.next;
    if (kind !== "sign" || !COMPARISONS.has(text)) return left;
    this.place++;
    const right = this.sum();
    const sign = text as ComparisonSign;
    const node = { kind: "comparison", sign, left: number(left), right: number(right) } as const;
    return { at: left.at, end: right.end, node };
  }

  private sum(): Parsed {
    let left = this.product();
    for (let sign = this.sign("+", "-"); sign !== null; sign = this.sign("+", "-"))
      left = arithmetic(sign, left, this.product());
    return left;
  }

  private product(): Parsed {
    let left = this.signed();
    for (let sign = this.sign("*", "/"); sign !== null; sign = this.sign("*", "/"))
      left = arithmetic(sign, left, this.signed());
    return left;
  }

  private signed(): Parsed {
    const token = this.next;
    if (token.kind === "number") {
      this.place++;
      return { ...token, node: constant(token.value) };
    }
    if (token.kind === "name" && !WORDS.includes(token.text)) return this.named(token);
    if (this.takes("-")) {
      const of = this.deeper(() => this.signed());
      if (of.node.kind === "number") return { ...of, at: token.at, node: constant(-of.node.value) };
      return arithmetic("-", { ...token, node: constant(0) }, of);
    }
    if (this.takes("(")) {
      const inner = this.deeper(() => this.either());
      const end = this.close(token);
      return { ...inner, at: token.at, end };
    }
    const value = token.kind === "end" ? "it ends here" : `"${token.text}" stands where a value must be`;
    throw new RuleError(token, value, `a number, a column or a function, as in ${this.names.example}`);
  }

  private named(name: Token): Parsed {
    this.place++;
    const { text } = name;
    const { columns, functions, crossings } = this.names;
    if (Object.hasOwn(crossings, text)) return this.crossing(name, crossings[text]!);
    if (columns.includes(text)) return { ...name, node: { kind: "column", text, column: text } };
    const definition = Object.hasOwn(functions, text) ? functions[text]! : undefined;
    if (definition === undefined) {
      const known = [...columns, ...Object.keys(functions), ...Object.keys(crossings)];
      throw new RuleError(name, `there is no column or function ${text}`, expectedAmong(text, known));
    }
    if (++this.calls > MAX_RULE_FUNCTIONS)
      throw new RuleError(name, "it has too many functions", `at most ${MAX_RULE_FUNCTIONS}`);
    const { given, end } = this.deeper(() => this.list(name));
    return { at: name.at, end, node: call(name, definition, given, this.values) };
  }

  private crossing(name: Token, direction: "above" | "below"): Parsed {
    const { given, end } = this.deeper(() => this.list(name));
    if (given.length !== 2)
      throw new RuleError(
        name,
        `${name.text} has ${given.length} values`,
        "two, as in crosses_above(sma(10), sma(50))",
      );
    const [left, right] = given as [Parsed, Parsed];
    const node = { kind: "crossing", direction, left: number(left), right: number(right) } as const;
    return { at: name.at, end, node };
  }

  /** What stands in the parentheses after a name; none without them. */
  private list(name: Token): { given: Parsed[]; end: number } {
    const open = this.next;
    const given: Parsed[] = [];
    if (!this.takes("(")) return { given, end: name.end };
    if (this.next.text !== ")") {
      do given.push(this.sum());
      while (this.takes(","));
    }
    return { given, end: this.close(open) };
  }

  private close(open: Token): number {
    const { end } = this.next;
    if (!this.takes(")"))
      throw new RuleError(this.next, `the parenthesis of column ${open.at + 1} is not closed`, ")");
    return end;
  }

  private sign(...signs: ArithmeticSign[]): ArithmeticSign | null {
    const sign = signs.find((each) => each === this.next.text);
    if (sign === undefined) return null;
    this.place++;
    return sign;
  }

  private takes(text: string): boolean {
    if (this.next.text !== text) return false;
    this.place++;
    return true;
  }

  private deeper<T>(read: () => T): T {
    if (++this.depth > MAX_RULE_DEPTH)
      throw new RuleError(this.next, "it is nested too deeply", `at most ${MAX_RULE_DEPTH} levels`);
    const result = read();
    this.depth--;
    return result;
  }

  private explain(node: RuleNode): void {
    if (node.kind === "column" || node.kind === "call") this.outermost.set(node.text, node);
    else if (node.kind === "not") this.explain(node.of);
    else if (node.kind !== "number") {
      this.explain(node.left);
      this.explain(node.right);
    }
  }
}

function constant(value: number): NumberNode {
  return { kind: "number", text: String(value), value };
}

function arithmetic(sign: ArithmeticSign, left: Parsed, right: Parsed): Parsed {
  const [a, b] = [number(left), number(right)];
  const node: NumberNode = {
    kind: "arithmetic",
    sign,
    left: a,
    right: b,
    text: `(${a.text} ${sign} ${b.text})`,
  };
  return { at: left.at, end: right.end, node };
}

function joined(kind: "both" | "either", left: Parsed, right: Parsed): Parsed {
  return { at: left.at, end: right.end, node: { kind, left: condition(left), right: condition(right) } };
}

function condition({ node, ...place }: Parsed): ConditionNode {
  if (isCondition(node)) return node;
  throw new RuleError(place, `${node.text} is a number`, `a condition, as in ${node.text} < 1`);
}

function number({ node, ...place }: Parsed): NumberNode {
  if (!isCondition(node)) return node;
  throw new RuleError(place, "a condition is no number", "a number, a column or a function");
}

/** Column first, if the function takes one and the first value is none; then its parameters in order, the rest by default. */
function call(
  name: Token,
  definition: RuleFunction,
  given: readonly Parsed[],
  values: ParameterValues,
): NumberNode {
  const [first, ...others] = given;
  const hasColumn = definition.of !== null && first !== undefined && first.node.kind !== "number";
  const numbers = hasColumn ? others : given;
  const { parameters } = definition;
  const surplus = numbers[parameters.length];
  if (surplus !== undefined)
    throw new RuleError(surplus, `${name.text} has too many values`, usage(name.text, definition));
  const of: NumberNode | null = hasColumn
    ? number(first)
    : definition.of === null
      ? null
      : { kind: "column", text: definition.of, column: definition.of };
  const set = parameters.map((each, k) => parameterValue(name, each, numbers[k], values));
  const column = of !== null && of.text !== definition.of ? [of.text] : [];
  const text = `${name.text}(${[...column, ...set].join(", ")})`;
  return { kind: "call", text, definition, of, parameters: set };
}

function parameterValue(
  name: Token,
  { name: parameter, initial, least, most, fraction }: Parameter,
  given: Parsed | undefined,
  values: ParameterValues,
): number {
  const path = `${name.text}.${parameter}`;
  if (given !== undefined && given.node.kind !== "number")
    throw new RuleError(given, `${parameter} of ${name.text} is not a fixed number`, "a number");
  const value = values[path] ?? (given?.node.kind === "number" ? given.node.value : initial);
  if (value >= least && value <= most && (fraction === true || Number.isInteger(value))) return value;
  const kind = fraction === true ? "a number" : "a whole number";
  throw new RuleError(
    given ?? name,
    `${parameter} of ${name.text} is ${value}`,
    `${kind} from ${least} to ${most}`,
  );
}

/** How a function is written: `macd_signal([close,] fast = 12, slow = 26, signal = 9)`. */
export function usage(name: string, { of, parameters }: RuleFunction): string {
  const column = of === null ? [] : [`[${of}]`];
  return `${name}(${[...column, ...parameters.map((each) => `${each.name} = ${each.initial}`)].join(", ")})`;
}
