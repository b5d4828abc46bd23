/** Documents that are made from the program itself. `node .ci/task.mjs docs` writes them; `node .ci/task.mjs check` compares. */
import { commandsDocument } from "./commands.ts";
import { settingsDocument } from "./settings.ts";

export interface GeneratedDocument {
  /** Relative to the root. */
  readonly path: string;
  make(): Promise<string>;
}

export const GENERATED: readonly GeneratedDocument[] = [
  { path: "docs/commands.md", make: commandsDocument },
  { path: "docs/settings.md", make: settingsDocument },
];
