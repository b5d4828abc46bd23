/** What a node says, one line for each thing that happens: for people, or as JSON with time and level for programs. */
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { timeText } from "../../protocol/text-values.ts";

export type LogLevel = "info" | "warning" | "error";

export interface NodeLog {
  /** `what` names the kind of line, `detail` its fields. */
  say(level: LogLevel, what: string, detail: Readonly<Record<string, unknown>>): void;
}

/** `nowUs`: the time of each line. */
export function nodeLog(json: boolean, nowUs: () => number): NodeLog {
  return {
    say(level, what, detail) {
      const time = timeText(nowUs());
      if (json) printJson({ time, level, what, ...detail });
      else print(`${time}  ${level.padEnd(7)}  ${what}  ${fieldsOf(detail)}`);
    },
  };
}

function fieldsOf(detail: Readonly<Record<string, unknown>>): string {
  const { message, ...rest } = detail;
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${shown(value)}`);
  return [...(message === undefined ? [] : [String(message)]), ...fields].join("  ");
}

function shown(value: unknown): string {
  return typeof value === "string" && /^[\w.:/#=@-]+$/.test(value) ? value : JSON.stringify(value);
}
