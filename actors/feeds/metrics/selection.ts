/**
 * Which series are taken: selectors as Prometheus has them, separated by commas. A series is taken when one of them takes it.
 *
 *   up,node_cpu_seconds_total{mode!="idle"},{__name__=~"http_.*",code=~"5.."}
 *
 * A matcher compares a label with =, !=, =~ or !~; a label that a series does not have is empty, and patterns match from begin to end.
 */
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Labels } from "./exposition.ts";
import { QUOTED, TextCursor, unquoted } from "./text-cursor.ts";

export interface Selection {
  takes(name: string, labels: Labels): boolean;
}

type Matcher = (name: string, labels: Labels) => boolean;

export const EVERYTHING: Selection = { takes: () => true };

/** Throws an EigenwatchError that names the column, from 1. */
export function parseSelection(text: string): Selection {
  const selectors = new SelectionReader(text).selectors();
  return {
    takes: (name, labels) => selectors.some((matchers) => matchers.every((each) => each(name, labels))),
  };
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;

class SelectionReader {
  private readonly cursor: TextCursor;

  constructor(text: string) {
    this.cursor = new TextCursor(text);
  }

  selectors(): Matcher[][] {
    const all: Matcher[][] = [];
    do all.push(this.selector());
    while (this.cursor.skip(","));
    if (this.cursor.peek() !== undefined) throw this.wrong(", or the end");
    return all;
  }

  private selector(): Matcher[] {
    const matchers: Matcher[] = [];
    this.cursor.peek();
    const name = this.cursor.match(NAME);
    if (name !== null) matchers.push((each) => each === name);
    if (this.cursor.skip("{")) {
      while (!this.cursor.skip("}")) {
        matchers.push(this.matcher());
        if (!this.cursor.skip(",") && this.cursor.peek() !== "}") throw this.wrong(", or }");
      }
    }
    if (matchers.length === 0) throw this.wrong('a name, or {label="value"}');
    return matchers;
  }

  private matcher(): Matcher {
    const label = this.read(LABEL, "a label");
    const operator = this.read(OPERATOR, "=, !=, =~ or !~");
    this.cursor.peek();
    const { at } = this.cursor;
    const value = unquoted(this.read(QUOTED, "a text in double quotes"));
    const isValue = operator.endsWith("~") ? this.pattern(value, at) : (text: string) => text === value;
    const isNegative = operator.startsWith("!");
    return (name, labels) => isValue(labelValue(label, name, labels)) !== isNegative;
  }

  private pattern(source: string, at: number): (text: string) => boolean {
    try {
      const pattern = new RegExp(`^(?:${source})$`, "u");
      return (text) => pattern.test(text);
    } catch {
      this.cursor.at = at;
      throw this.wrong("a regular expression");
    }
  }

  private read(pattern: RegExp, expected: string): string {
    this.cursor.peek();
    const found = this.cursor.match(pattern);
    if (found === null) throw this.wrong(expected);
    return found;
  }

  private wrong(expected: string): EigenwatchError {
    return new EigenwatchError({
      action: "read the selection of series",
      value: `column ${this.cursor.at + 1} of ${this.cursor.text}`,
      expected,
    });
  }
}

function labelValue(label: string, name: string, labels: Labels): string {
  if (label === "__name__") return name;
  return labels.find(([each]) => each === label)?.[1] ?? "";
}
