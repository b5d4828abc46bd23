/**
 * What `eigenwatch scan PATH` goes through, with the rule as it is read for that.
 *
 *   symbols    a table, a folder of tables, a recording: columns of each symbol
 *   settings   --over: sets of settings over a recording, each run as a branch of it; the values that came of it
 */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { report } from "../../command-line/terminal.ts";
import { namesOfValues, parseRule, type Rule, type RuleNames } from "../rules/rule.ts";
import { markedRule, RuleError } from "../rules/rule-error.ts";
import type { SettingsAsked, SettingsScans } from "../settings-scans.ts";
import { loadUniverse } from "../universe/load.ts";
import type { Universe } from "../universe/universe.ts";

export interface ScanSource {
  readonly rule: Rule;
  /** Values of a result that are shown, in this order. */
  readonly names: readonly string[];
  /** What its threads do, by the table of works. */
  readonly work: string;
  /** Longest evaluation of one symbol, unless something else is asked for. */
  readonly itemSeconds: number;
  load(options: { readonly signal: AbortSignal; progress(rows: number): void }): Promise<Universe>;
}

/** A symbol takes microseconds, with a detector some seconds. */
const SYMBOL_SECONDS = 10;
/** A branch of a long recording takes minutes. */
export const BRANCH_SECONDS = 3_600;

export async function sourceOf(
  path: string,
  text: string,
  { over, truth }: SettingsAsked,
  loadSettings: () => Promise<SettingsScans>,
): Promise<ScanSource> {
  if (over.length > 0) return settingsOf(path, text, { over, truth }, await loadSettings());
  if (truth === undefined) return symbolsOf(path, text);
  throw new EigenwatchError({
    action: "use --truth",
    value: "symbols have none",
    expected: "it with --over path=values",
    kind: "usage",
  });
}

function symbolsOf(path: string, text: string): ScanSource {
  const rule = readRule(text);
  return {
    rule,
    names: rule.explained.map((node) => node.text),
    work: "scan",
    itemSeconds: SYMBOL_SECONDS,
    async load(options) {
      const { universe, unreadable } = await loadUniverse(path, options);
      for (const { message } of unreadable) report(message);
      return universe;
    },
  };
}

function settingsOf(path: string, text: string, asked: SettingsAsked, settings: SettingsScans): ScanSource {
  const names = settings.names(asked.truth !== undefined);
  const rule = readRule(text, namesOfValues(names));
  const open = settings.open(asked);
  return { rule, names, work: settings.work, itemSeconds: BRANCH_SECONDS, load: () => open(path) };
}

/** Shows the place of what cannot be read. */
export function readRule(text: string, names?: RuleNames): Rule {
  try {
    return parseRule(text, {}, names);
  } catch (error) {
    if (error instanceof RuleError) report(...markedRule(text, error));
    throw error;
  }
}
