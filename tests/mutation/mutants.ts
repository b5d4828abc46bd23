/**
 * Small changes of a source file, each of which a test should notice.
 *
 *   syntax tree ─► comparisons · arithmetic · logic · conditions · constants · texts · statements that are left out
 *
 * Types, imports and the words of errors are left as they are: a type changes nothing at run time, and a test that holds the words of an
 * error holds prose.
 */
import { createHash } from "node:crypto";
import { constantText, lineAt, type Node, parse, type SourceFile, walk } from "../../.ci/checks/source.ts";

export interface Mutation {
  readonly path: string;
  /** Counts from 1. */
  readonly line: number;
  /** Characters `start` to `end` of the file become `replacement`. */
  readonly start: number;
  readonly end: number;
  readonly original: string;
  readonly replacement: string;
}

/** All mutations of a file, in the order of the text. */
export function mutationsOf(file: SourceFile): Mutation[] {
  const found = new Map<string, Mutation>();
  const add = (start: number, end: number, replacement: string) => {
    const original = file.text.slice(start, end);
    if (original === replacement) return;
    const line = lineAt(file, start);
    found.set(`${start} ${end} ${replacement}`, {
      path: file.path,
      line,
      start,
      end,
      original,
      replacement,
    });
  };
  const thrown = new Set<unknown>();
  const visit = (node: Node, parent: Node | null, key: string) => {
    if (node.type === "ThrowStatement") thrown.add(node["argument"]);
    mutate(file.text, node, parent, key, add);
  };
  const isLeftAlone = (key: string, node: Node) => thrown.has(node) || isError(node) || isType(key, node);
  walk(parse(file).program as unknown as Node, visit, isLeftAlone);
  return [...found.values()].sort((a, b) => a.start - b.start || (a.replacement < b.replacement ? -1 : 1));
}

/** The text of the file with the mutation in it. */
export function mutated({ text }: SourceFile, { start, end, replacement }: Mutation): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** `size` of the mutations by lot. The place of each in the lot depends on the seed and on its own text alone. */
export function drawLot(mutations: readonly Mutation[], seed: number, size: number): Mutation[] {
  const drawn = mutations.map((mutation) => ({ mutation, lot: lotOf(mutation, seed) }));
  drawn.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return drawn.slice(0, size).map(({ mutation }) => mutation);
}

function lotOf({ path, start, original, replacement }: Mutation, seed: number): string {
  return createHash("sha256")
    .update(JSON.stringify([seed, path, start, original, replacement]))
    .digest("hex");
}

type Add = (start: number, end: number, replacement: string) => void;

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "==": ["!="],
  "!=": ["=="],
};

const ARITHMETIC: Readonly<Record<string, readonly string[]>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
};

const LOGIC: Readonly<Record<string, readonly string[]>> = { "&&": ["||"], "||": ["&&"], "??": ["&&"] };

const ASSIGNMENTS: Readonly<Record<string, readonly string[]>> = {
  "+=": ["-="],
  "-=": ["+="],
  "*=": ["/="],
  "/=": ["*="],
  "|=": ["&="],
  "&=": ["|="],
  "^=": ["&="],
};

/** Statements that may be left out. */
const STATEMENTS = new Set(["ExpressionStatement", "ThrowStatement", "BreakStatement", "ContinueStatement"]);

function mutate(text: string, node: Node, parent: Node | null, key: string, add: Add): void {
  const { type, start, end } = node;
  const part = (name: string) => node[name] as Node;
  const textOf = ({ start, end }: Node) => text.slice(start, end);
  const operators = (table: Readonly<Record<string, readonly string[]>>) => {
    const operator = node["operator"] as string;
    const at = text.indexOf(operator, part("left").end);
    for (const other of table[operator] ?? []) add(at, at + operator.length, other);
  };
  if (STATEMENTS.has(type)) add(start, end, ";");
  switch (type) {
    case "BinaryExpression":
      operators(COMPARISONS);
      if (![part("left"), part("right")].some(isText)) operators(ARITHMETIC);
      break;
    case "LogicalExpression":
      operators(LOGIC);
      break;
    case "AssignmentExpression":
      if (!isText(part("right"))) operators(ASSIGNMENTS);
      break;
    case "IfStatement":
    case "ConditionalExpression":
      add(part("test").start, part("test").end, `!(${textOf(part("test"))})`);
      break;
    case "UnaryExpression":
      if (node["operator"] === "!") add(start, end, textOf(part("argument")));
      if (node["operator"] === "-") add(start, end, `+${textOf(part("argument"))}`);
      break;
    case "UpdateExpression":
      add(
        start,
        end,
        textOf(node).replace(/\+\+|--/, (operator) => (operator === "++" ? "--" : "++")),
      );
      break;
    case "Literal":
    case "TemplateLiteral":
      constant(node, parent, key, textOf(node), add);
  }
}

function constant(node: Node, parent: Node | null, key: string, text: string, add: Add): void {
  const { start, end } = node;
  const { value } = node as { value?: unknown };
  const isKey = key === "key" && parent?.["computed"] !== true;
  if (isKey || key === "source" || parent?.type === "ExpressionStatement") return;
  if (typeof value === "number") add(start, end, value === 1 ? "0" : `(${text} + 1)`);
  else if (typeof value === "boolean") add(start, end, String(!value));
  else if (constantText(node) !== null) add(start, end, constantText(node) === "" ? '"mutated"' : '""');
}

function isText(node: Node): boolean {
  if (node.type === "BinaryExpression")
    return [node["left"] as Node, node["right"] as Node].some((side) => isText(side));
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node["value"] === "string");
}

const TYPE_KEYS = new Set([
  "typeAnnotation",
  "typeArguments",
  "typeParameters",
  "returnType",
  "superTypeArguments",
]);
/** The only nodes of TypeScript that contain code. */
const CODE_IN_TYPES = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"]);

function isType(key: string, node: Node): boolean {
  if (TYPE_KEYS.has(key) || node.type === "ImportDeclaration") return true;
  return node.type.startsWith("TS") && !CODE_IN_TYPES.has(node.type);
}

/** An error that is made and passed on, such as `new EigenwatchError({ … })`. */
function isError(node: Node): boolean {
  // Valibot takes the words of an error as an argument.
  if (node.type === "Literal" && String(node["value"]).startsWith("Expected ")) return true;
  const callee = node.type === "NewExpression" ? (node["callee"] as Node) : null;
  return /(Error|Malformed\w+|LimitExceeded|RecordingDamaged)$/.test(String(callee?.["name"] ?? ""));
}
