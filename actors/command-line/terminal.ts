/**
 * What the program prints, line by line. No other file writes text for people to standard output or standard error.
 *
 * T1  Each argument is one line, whatever stands in it: names from outside cannot begin a line or send an escape sequence.
 */
import process from "node:process";
import type { Writable } from "node:stream";
import { visibleText } from "../../protocol/visible-text.ts";
import { type Part, showsColour, tonedLine } from "./toned-line.ts";

/** Prints lines on standard output. */
export function print(...lines: readonly string[]): void {
  printTo(process.stdout, ...lines);
}

/** Prints one line on standard output, in colour where that is a terminal. */
export function printToned(...parts: readonly Part[]): void {
  process.stdout.write(`${tonedLine(parts, showsColour(process.stdout, process.env))}\n`);
}

/** Prints lines on standard error: problems, and what is said beside an output that a program reads. */
export function report(...lines: readonly string[]): void {
  printTo(process.stderr, ...lines);
}

/** Prints lines on one of the two. */
export function printTo(output: Writable, ...lines: readonly string[]): void {
  output.write(lines.map((line) => `${visibleText(line)}\n`).join(""));
}

/** Prints a value as one line of JSON: what `visibleText` writes in its strings are escapes of JSON too. */
export function printJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): void {
  print(JSON.stringify(value, replacer));
}

/** Shows a line that changes, at the place of the cursor; the next one takes its place. Only where standard error is a terminal. */
export function showStatus(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${visibleText(line)}`);
}

/** Lines at the cursor of a terminal that are drawn over each other. */
let drawn = 0;

/** Shows lines that change: the next ones take their place, and none takes them away. Only where standard error is a terminal. */
export function showLines(lines: readonly string[]): void {
  if (!process.stderr.isTTY) return;
  const width = process.stderr.columns ?? 80;
  const up = drawn === 0 ? "" : `\x1b[${drawn}A`;
  process.stderr.write(
    `${up}\r\x1b[J${lines.map((line) => `${visibleText(line).slice(0, width - 1)}\n`).join("")}`,
  );
  drawn = lines.length;
}
