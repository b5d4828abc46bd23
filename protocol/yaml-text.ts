/**
 * What people write as YAML (or JSON, which is YAML too): its value, and its faults by file, line and column.
 *
 *     const source = new YamlText(text, "check.yaml", "read workflow");
 *     const value = source.value();
 *     throw source.faultAt(["steps", "a"], "there is no title", "a title");   // Cannot read workflow check.yaml:6:3: there is no title; expected a title
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { EigenwatchError } from "./errors.ts";
import { FORBIDDEN_KEYS } from "./fields.ts";

/** Longest text: many times what anybody writes, with all its comments. */
const CHARACTERS_MAX = 262_144;

export class YamlText {
  private readonly text: string;
  private readonly path: string;
  private readonly action: string;
  private readonly lines = new LineCounter();
  private root: unknown = null;

  /** `action`: begins its errors. */
  constructor(text: string, path: string, action: string) {
    this.text = text;
    this.path = path;
    this.action = action;
  }

  /** Null for an empty text. Throws an EigenwatchError for a text that is none, and for keys that no record may have. */
  value(): unknown {
    if (this.text.length > CHARACTERS_MAX)
      throw this.fault(0, `${this.text.length} characters`, `at most ${CHARACTERS_MAX}`);
    const document = parseDocument(this.text, {
      lineCounter: this.lines,
      prettyErrors: false,
      stringKeys: true,
    });
    const [error] = document.errors;
    if (error !== undefined) throw this.fault(error.pos[0], lowered(error.message), "YAML");
    this.root = document.contents;
    this.checkKeys(this.root);
    try {
      return document.toJS();
    } catch (cause) {
      // Too many aliases.
      throw this.fault(0, lowered((cause as Error).message), "fewer aliases");
    }
  }

  /** A fault at what the path names, or at the nearest thing around it that is there. */
  faultAt(path: readonly string[], value: string, expected: string): EigenwatchError {
    let at = this.root;
    let offset = offsetOf(at);
    for (const key of path) {
      if (isMap(at)) {
        const pair = at.items.find((each) => isScalar(each.key) && String(each.key.value) === key);
        if (pair === undefined) break;
        offset = offsetOf(pair.key);
        at = pair.value;
      } else if (isSeq(at)) {
        at = at.items[Number(key)];
        if (at === undefined) break;
        offset = offsetOf(at);
      }
    }
    return this.fault(offset, value, expected);
  }

  /** A record would drop such keys without an error. */
  private checkKeys(node: unknown): void {
    if (isSeq(node)) for (const item of node.items) this.checkKeys(item);
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (isScalar(key) && FORBIDDEN_KEYS.has(String(key.value)))
        throw this.fault(offsetOf(key), `key ${key.value}`, "another name");
      this.checkKeys(value);
    }
  }

  private fault(offset: number, value: string, expected: string): EigenwatchError {
    const { line, col } = this.lines.linePos(offset);
    const place = line === 0 ? "1:1" : `${line}:${col}`;
    return new EigenwatchError({ action: `${this.action} ${this.path}:${place}`, value, expected });
  }
}

function offsetOf(node: unknown): number {
  return (node as { range?: readonly [number, ...number[]] | null } | null)?.range?.[0] ?? 0;
}

function lowered(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}
