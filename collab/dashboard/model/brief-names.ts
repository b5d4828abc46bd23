/**
 * What is shown of long names where there is no place for all of them, so that each is told from the others.
 *
 *   rack-a.sensor-017.inlet.temperature.celsius    begin "rack-a.sensor-"   kept "017"   rest ".inlet.temperature.celsius"
 *   rack-a.sensor-018.inlet.temperature.celsius    begin "rack-a.sensor-"   kept "018"   rest ".inlet.temperature.celsius"
 *
 * B1  Different names differ in what is kept, or in the first BEGIN characters of what begins them.
 * B2  A name that no other one begins and ends like keeps its end, which tells most names apart.
 */

export interface BriefName {
  /** Gives way when nothing of `rest` is left: shown as far as there is place. */
  readonly begin: string;
  /** Shown after it. */
  readonly kept: string;
  /** Gives way first: all names that are told apart here end in it. */
  readonly rest: string;
}

/** Names up to this length are shown whole. */
const SHORT = 16;
/** Characters of the begin that have place in any case. */
export const BEGIN = 4;
const END = 6;
/** Of longer words that differ only the characters that differ are kept. */
const WORD = 8;

const WORDS = /[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu;

/** O(characters). */
export function briefNames(names: readonly string[]): Map<string, BriefName> {
  const briefs = new Map<string, BriefName>();
  const alike = new Map<string, string[]>();
  for (const name of new Set(names)) {
    if (name.length <= SHORT) briefs.set(name, whole(name));
    else {
      const ends = `${name.slice(0, BEGIN)} ${name.slice(-END)}`;
      alike.set(ends, [...(alike.get(ends) ?? []), name]);
    }
  }
  for (const group of alike.values()) {
    const [name] = group;
    if (group.length > 1) {
      for (const [k, brief] of toldApart(group).entries()) briefs.set(group[k]!, brief);
    } else briefs.set(name!, { begin: name!.slice(0, -END), kept: name!.slice(-END), rest: "" });
  }
  lengthen(briefs, (name, { begin, kept }) => ({ begin, kept: `${kept}…${name.slice(-END)}`, rest: "" }));
  lengthen(briefs, whole);
  return briefs;
}

function whole(name: string): BriefName {
  return { begin: "", kept: name, rest: "" };
}

/** Those that are not told apart by what is kept of them keep more. */
function lengthen(briefs: Map<string, BriefName>, more: (name: string, of: BriefName) => BriefName): void {
  const seen = ({ begin, kept }: BriefName) => `${begin.slice(0, BEGIN)} ${kept}`;
  const count = new Map<string, number>();
  for (const brief of briefs.values()) count.set(seen(brief), (count.get(seen(brief)) ?? 0) + 1);
  for (const [name, brief] of briefs) if (count.get(seen(brief))! > 1) briefs.set(name, more(name, brief));
}

/** Names that begin and end alike: what is before the first difference, all differences, and what is after the last one. */
function toldApart(names: readonly string[]): BriefName[] {
  const split = names.map((name) => name.match(WORDS)!);
  const hasEqualParts = split.every(({ length }) => length === split[0]!.length);
  const parts = hasEqualParts ? split : names.map((name) => [name]);
  const count = parts[0]!.length;
  const columns = Array.from({ length: count }, (_, c) => parts.map((each) => each[c]!));
  const differ = columns.map((values) => values.some((value) => value !== values[0]));
  const pieces = columns.map((values, c) => (differ[c] ? differing(values) : null));
  const isCut = pieces.map((piece) => piece?.some(({ text }) => /^…|…$/.test(text)) ?? false);
  const first = differ.indexOf(true);
  const last = differ.lastIndexOf(true);
  return parts.map((each, n) => {
    let kept = "";
    for (let c = first; c <= last; c++) {
      const piece = pieces[c]?.[n];
      // A single sign between two differences stays, unless an ellipsis stands beside it.
      if (piece === undefined)
        kept = joined(
          kept,
          each[c]!.length === 1 && differ[c + 1] && !isCut[c - 1] && !isCut[c + 1] ? each[c]! : "…",
        );
      else kept = joined(kept, c === first ? piece.text.replace(/^…/, "") : piece.text);
    }
    const { until } = pieces[last]![n]!;
    return {
      begin: each.slice(0, first).join("") + each[first]!.slice(0, pieces[first]![n]!.from),
      kept: kept.replace(/…$/, ""),
      rest: each[last]!.slice(until) + each.slice(last + 1).join(""),
    };
  });
}

function joined(before: string, after: string): string {
  return before.endsWith("…") && after.startsWith("…") ? before + after.slice(1) : before + after;
}

/** Of long words without what all begin and end with, "…" in its place. */
function differing(words: readonly string[]): { from: number; until: number; text: string }[] {
  if (words.every(({ length }) => length <= WORD))
    return words.map((text) => ({ from: 0, until: text.length, text }));
  const shortest = Math.min(...words.map(({ length }) => length));
  const all = (at: (word: string) => string | undefined) => words.every((word) => at(word) === at(words[0]!));
  let from = 0;
  while (from < shortest && all((word) => word[from])) from++;
  let alike = 0;
  while (alike < shortest - from && all((word) => word.at(-1 - alike))) alike++;
  return words.map((word) => ({
    from,
    until: word.length - alike,
    text: `${from > 0 ? "…" : ""}${word.slice(from, word.length - alike)}${alike > 0 ? "…" : ""}`,
  }));
}
