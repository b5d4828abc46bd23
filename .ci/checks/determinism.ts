/**
 * Core-side code gives the same bits on every runtime, live and replayed: it reads no clock, no randomness and no machine, never waits,
 * and uses only those parts of Math that IEEE 754 or the language round exactly (engines differ in the last bit of exp, sin, pow …, and
 * of `**`).
 *
 * Compares names without regard to scope: a local called `Date` is a finding too. Types are ignored. A line that must break the rule
 * states why: `// det-ok: reason`. Each run lists these lines; one that excuses nothing is a finding.
 */
import {
  type Finding,
  importsOf,
  liesIn,
  lineAt,
  type Node,
  parse,
  type SourceFile,
  walk,
} from "./source.ts";

export const PLACES = [
  "protocol/",
  "actors/core/",
  "actors/kernels/",
  "actors/detectors/",
  "actors/cluster/admission.ts",
  "actors/cluster/membership.ts",
  "actors/cluster/placement.ts",
  "actors/cluster/takeover.ts",
  "sim/worlds/",
];

/** Exceptions within those: code that only reads options and writes files. */
const OUTSIDE = ["sim/worlds/command/"];

const MATH_EXACT = new Set([
  ..."abs floor ceil round trunc sign min max sqrt fround hypot imul clz32".split(" "),
  ..."PI E LN2 LN10 LOG2E LOG10E SQRT2 SQRT1_2".split(" "),
]);

const BANNED_GLOBALS = new Map([
  ...reason("reads the clock: time arrives as an argument", "Date Temporal performance"),
  ...reason(
    "waits: timers are the core's",
    "setTimeout setInterval setImmediate queueMicrotask requestAnimationFrame",
  ),
  ...reason("waits: core code is synchronous", "Promise Atomics"),
  ...reason("is random or depends on the build: hashes and ids are made outside", "crypto"),
  ...reason("depends on the language data of the runtime", "Intl"),
  ...reason("reaches the machine", "process Deno Bun fetch console navigator WebSocket Worker require"),
  ...reason("reaches everything", "globalThis global self eval Function"),
  ...reason("sees the garbage collector", "WeakRef FinalizationRegistry"),
]);

const BANNED_MEMBERS = new Map([
  ...reason("depends on the language data of the runtime", "localeCompare normalize"),
  ...reason(
    "depends on the language data of the runtime",
    "toLocaleString toLocaleDateString toLocaleTimeString",
  ),
  ...reason("depends on the language data of the runtime", "toLocaleUpperCase toLocaleLowerCase"),
]);

/** An excused line and its reason. */
export interface Escape {
  path: string;
  line: number;
  reason: string;
}

export function checkDeterminism(files: readonly SourceFile[]): Finding[] {
  return coreSide(files).flatMap((file) => {
    const escapes = escapesOf(file);
    const violations = violationsOf(file);
    const excused = (line: number) => escapes.some((each) => each.line === line && each.reason !== "");
    const idle = escapes.filter(({ line }) => !violations.some((violation) => violation.line === line));
    return [
      ...violations.filter(({ line }) => !excused(line)),
      ...idle.map(({ line }) => ({ path: file.path, line, message: "det-ok excuses nothing on this line" })),
    ];
  });
}

export function listEscapes(files: readonly SourceFile[]): Escape[] {
  return coreSide(files).flatMap(escapesOf);
}

function coreSide(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(
    ({ path }) =>
      PLACES.some((place) => liesIn(path, place)) && !OUTSIDE.some((place) => liesIn(path, place)),
  );
}

function escapesOf(file: SourceFile): Escape[] {
  return parse(file).comments.flatMap(({ value, start }) => {
    const match = /^\s*det-ok\b:?(.*)$/.exec(value);
    return match === null ? [] : [{ path: file.path, line: lineAt(file, start), reason: match[1]!.trim() }];
  });
}

function violationsOf(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  const find = (node: Node, message: string) => {
    findings.push({ path: file.path, line: lineAt(file, node.start), message });
  };
  walk(
    parse(file).program as unknown as Node,
    (node, parent, key) => {
      const message = violation(node, parent, key);
      if (message !== null) find(node, message);
    },
    isType,
  );
  for (const { target, line } of importsOf(file))
    if (target.startsWith("node:"))
      findings.push({ path: file.path, line, message: `imports ${target}, which reaches the machine` });
  return findings;
}

/** The finding for a node, or null. */
function violation(node: Node, parent: Node | null, key: string): string | null {
  switch (node.type) {
    case "Identifier": {
      if (!isReference(parent, key)) return null;
      const name = node["name"] as string;
      if (name === "Math") return mathViolation(parent, key);
      const why = BANNED_GLOBALS.get(name);
      return why === undefined ? null : `${name} ${why}`;
    }
    case "MemberExpression": {
      const name = memberName(node);
      const why = name === null ? undefined : BANNED_MEMBERS.get(name);
      return why === undefined ? null : `.${name} ${why}`;
    }
    case "BinaryExpression":
      return node["operator"] === "**"
        ? "** differs between runtimes: use @stdlib/math-base-special-pow"
        : null;
    case "AssignmentExpression":
      return node["operator"] === "**="
        ? "**= differs between runtimes: use @stdlib/math-base-special-pow"
        : null;
    case "AwaitExpression":
    case "ImportExpression":
      return "waits: core code is synchronous";
    case "ForOfStatement":
      return node["await"] === true ? "for await waits: core code is synchronous" : null;
    default:
      return node["async"] === true ? "async waits: core code is synchronous" : null;
  }
}

/** `Math` may occur only as `Math.exact`: after `const M = Math` members could not be checked. */
function mathViolation(parent: Node | null, key: string): string | null {
  if (parent?.type !== "MemberExpression" || key !== "object") return "Math is used other than as Math.name";
  const name = memberName(parent);
  if (name === null) return "Math[…] is computed: write Math.name";
  if (MATH_EXACT.has(name)) return null;
  return `Math.${name} is not exact on every runtime: use @stdlib/math-base-special-*, or a named random stream`;
}

/** The name in `a.name` or `a["name"]`, or null where it is computed. */
function memberName(node: Node): string | null {
  const property = node["property"] as Node;
  if (node["computed"] !== true) return (property["name"] as string | undefined) ?? null;
  return property.type === "Literal" ? String(property["value"]) : null;
}

/** Names of members, keys and labels are not references. */
function isReference(parent: Node | null, key: string): boolean {
  if (parent === null) return true;
  switch (parent.type) {
    case "MemberExpression":
      return key === "object" || parent["computed"] === true;
    case "Property":
    case "PropertyDefinition":
    case "AccessorProperty":
    case "MethodDefinition":
      return key !== "key" || parent["computed"] === true;
    case "ImportSpecifier":
      return key === "local";
    case "ExportSpecifier":
      return key === "local";
    case "MetaProperty":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return key === "body";
    default:
      return true;
  }
}

const TYPE_FIELDS = new Set([
  "typeAnnotation",
  "typeParameters",
  "typeArguments",
  "returnType",
  "implements",
]);
const TYPE_STATEMENTS = new Set(["TSTypeAliasDeclaration", "TSInterfaceDeclaration", "TSDeclareFunction"]);

/** Types are erased; nothing in them runs. */
function isType(key: string, node: Node): boolean {
  if (TYPE_FIELDS.has(key) || TYPE_STATEMENTS.has(node.type)) return true;
  if (node.type === "ImportDeclaration") return node["importKind"] === "type";
  return node.type === "ExportNamedDeclaration" && node["exportKind"] === "type";
}

function reason(why: string, names: string): [string, string][] {
  return names.split(" ").map((name) => [name, why]);
}
