/**
 * The words of a rule.
 *
 *   number   12  0.5  .5  1e6  5%       name   rsi  bollinger_upper       sign   ( ) , + - * / < <= > >= == !=
 */
import { type Place, RuleError } from "./rule-error.ts";

export interface Token extends Place {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  /** Of a number; a percentage is a hundredth. */
  readonly value: number;
}

/** Characters of a rule: a screen of it. What is longer was not typed by a person. */
export const MAX_RULE_CHARACTERS = 1_000;

const WORD = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%?)|([a-z_][a-z_0-9]*)|(<=|>=|==|!=|[()<>,+\-*/]))/iy;

export function tokensOf(rule: string): Token[] {
  if (rule.length > MAX_RULE_CHARACTERS)
    throw new RuleError(
      { at: MAX_RULE_CHARACTERS, end: MAX_RULE_CHARACTERS },
      `it has ${rule.length} characters`,
      `at most ${MAX_RULE_CHARACTERS}`,
    );
  const tokens: Token[] = [];
  const end = rule.trimEnd().length;
  WORD.lastIndex = 0;
  while (WORD.lastIndex < end) {
    const from = WORD.lastIndex;
    const match = WORD.exec(rule);
    if (match === null) throw unknownCharacter(rule, from);
    const [, digits, percent, name, sign] = match;
    const text = name?.toLowerCase() ?? sign ?? `${digits}${percent}`;
    const place = { at: WORD.lastIndex - text.length, end: WORD.lastIndex };
    const value = digits === undefined ? Number.NaN : Number(digits) / (percent === "%" ? 100 : 1);
    const kind = name !== undefined ? "name" : sign !== undefined ? "sign" : "number";
    if (kind === "number" && !Number.isFinite(value))
      throw new RuleError(place, `${text} is too large`, "a finite number");
    tokens.push({ ...place, kind, text, value });
  }
  tokens.push({ kind: "end", text: "", value: Number.NaN, at: end, end });
  return tokens;
}

/** What people write out of habit, and what it is called here. */
const HABITS: Readonly<Record<string, string>> = { "=": "== or <=", "&": "and", "|": "or", "!": "not or !=" };

function unknownCharacter(rule: string, from: number): RuleError {
  const at = from + /^\s*/.exec(rule.slice(from))![0].length;
  const character = String.fromCodePoint(rule.codePointAt(at)!);
  return new RuleError(
    { at, end: at + character.length },
    `"${character}" means nothing here`,
    HABITS[character] ?? "a number, a name, or one of ( ) , + - * / < <= > >= == !=",
  );
}
