/**
 * Source files as the checks see them: path, text, syntax tree, and what they import.
 * Checks are pure functions of a list of these, so that their tests can pass files that do not exist.
 */
import { posix } from "node:path";
import { type ParseResult, parseSync } from "oxc-parser";

export interface SourceFile {
  /** Relative to the root, with "/". */
  path: string;
  text: string;
}

export interface Finding {
  path: string;
  line: number;
  message: string;
}

export interface Import {
  /** Of ours: the path relative to the root; of others: the specifier as it stands. */
  target: string;
  ours: boolean;
  /** `import type` and its like: nothing of it is left at run time. */
  typeOnly: boolean;
  line: number;
}

/** A node of the ESTree; only `type` and the position are common to all. */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

const parsed = new WeakMap<SourceFile, ParseResult>();

/** The syntax tree. Throws if the file does not parse; the type check reports more. */
export function parse(file: SourceFile): ParseResult {
  let result = parsed.get(file);
  if (result === undefined) {
    result = parseSync(file.path, file.text);
    const [error] = result.errors;
    if (error !== undefined) throw new Error(`Cannot parse ${file.path}: ${error.message}`);
    parsed.set(file, result);
  }
  return result;
}

/**
 * Everything a file imports: `import`, `import type`, `export … from`, `import()`, and `new URL("./x.ts",
 * import.meta.url)`, by which workers are named. A computed `import()` is returned with target "?".
 */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, offset: number, typeOnly: boolean) => {
    const ours = specifier.startsWith(".");
    const target = ours ? posix.join(posix.dirname(file.path), specifier) : specifier;
    found.push({ target, ours, typeOnly, line: lineAt(file, offset) });
  };
  walk(parse(file).program as unknown as Node, (node) => {
    const source = node["source"] as Node | null | undefined;
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "ExportNamedDeclaration":
      case "ImportExpression":
      case "TSImportType": {
        if (source === null || source === undefined) return;
        const specifier = constantText(source);
        const line = lineAt(file, node.start);
        if (specifier === null) found.push({ target: "?", ours: false, typeOnly: false, line });
        else add(specifier, node.start, isTypeOnly(node));
        return;
      }
      case "NewExpression": {
        const [path, base] = node["arguments"] as Node[];
        const specifier = path === undefined ? null : constantText(path);
        const isModule = base?.type === "MemberExpression" && /\.(ts|tsx|mjs|js)$/.test(specifier ?? "");
        if (isModule && specifier !== null) add(specifier, node.start, false);
      }
    }
  });
  return found;
}

function isTypeOnly(node: Node): boolean {
  return node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type";
}

/** The value of a string literal or of a template without holes, else null. */
export function constantText(node: Node): string | null {
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateLiteral") return null;
  const [only, ...more] = node["quasis"] as { value: { cooked: string } }[];
  return only !== undefined && more.length === 0 ? only.value.cooked : null;
}

/** Visits every node, parents first; `key` is the field of the parent in which the node stands. */
export function walk(
  node: Node,
  visit: (node: Node, parent: Node | null, key: string) => void,
  skip: (key: string, node: Node) => boolean = () => false,
  parent: Node | null = null,
  parentKey = "",
): void {
  if (skip(parentKey, node)) return;
  visit(node, parent, parentKey);
  for (const key of Object.keys(node)) {
    const value = node[key];
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) walk(child, visit, skip, node, key);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** Lines count from 1. */
export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split("\n").length;
}

/** Whether a path lies in a folder ("actors/core/") or is the file itself ("main.ts"). */
export function liesIn(path: string, place: string): boolean {
  return place.endsWith("/") ? path.startsWith(place) : path === place;
}
