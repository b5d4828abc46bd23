/** A workflow by the name of a packaged one, or by its file. */
import { readFileSync } from "node:fs";
import { EigenwatchError } from "../../protocol/errors.ts";
import { readWorkflow, type Workflow } from "./definition.ts";
import { PACKAGED } from "./packaged.ts";

export function findWorkflow(nameOrFile: string): Workflow {
  const packaged = Object.hasOwn(PACKAGED, nameOrFile) ? PACKAGED[nameOrFile] : undefined;
  return readWorkflow(packaged ?? readText(nameOrFile), nameOrFile);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new EigenwatchError(
      {
        action: `read workflow ${path}`,
        value: (cause as Error).message,
        expected: `a YAML file, or a packaged workflow: ${Object.keys(PACKAGED).join(", ")}`,
      },
      { cause },
    );
  }
}
