/** A result as one line for programs. */
import type { ScanResult } from "../../../protocol/scan-messages.ts";
import { exactTimeText } from "../../../protocol/text-values.ts";
import { visibleJson, visibleText } from "../../../protocol/visible-text.ts";

export function csvHeader(names: readonly string[]): string {
  return ["index", "symbol", "time", "signal", "score", ...names].map(cell).join(",");
}

export function csvRow(
  { index, symbol, timeUs, signal, score, values }: ScanResult,
  names: readonly string[],
): string {
  const numbers = names.map((name) => String(values[name] ?? ""));
  return [index, cell(symbol), exactTimeText(timeUs), signal, score, ...numbers].join(",");
}

export function jsonRow({ timeUs, ...result }: ScanResult): string {
  return visibleJson({ ...result, time: exactTimeText(timeUs) });
}

function cell(text: string): string {
  const shown = visibleText(text);
  return /[",]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
