/** The end of a command's help: its exit codes and examples. */

export interface Manual {
  /** What codes 0 and 1 mean; 2 means the same for every command. */
  readonly exitCodes: { readonly 0: string; readonly 1?: string; readonly 3?: string };
  /** Each command line with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
}

const USAGE_ERROR = "wrong usage or input; nothing was done";

/** For `.addHelpText("after", …)`. */
export function manual({ exitCodes, examples }: Manual): string {
  const codes = Object.entries({ ...exitCodes, 2: USAGE_ERROR }).map(
    ([code, meaning]) => `  ${code}  ${meaning}`,
  );
  const lines = examples.map(([line, does]) => `  # ${does}\n  ${line}`);
  return `\nExit codes:\n${codes.join("\n")}\n\nExamples:\n${lines.join("\n")}`;
}
