/** `eigenwatch measure FILE|-`: functionals of density matrices, one JSON line in, one JSON line out. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../command-line/manual.ts";
import { exitWith } from "../command-line/program.ts";
import { measureFile } from "./measure.ts";

export const measureCommand = new Command("measure")
  .description(
    "Computes functionals of density matrices and state vectors: entropy, purity, coherence and others. JSON lines in, JSON lines out. The lines are those that `up --feed file:` reads as states; without `im` a state is real.",
  )
  .argument(
    "<file>",
    'lines {"rho":[[…],[…]]}, {"rho":{"re","im"}}, {"psi":[…]} or {"n":2,"re":[row-major],"im"?}, with "sigma"? and "update"?; - for stdin',
  )
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every line was measured", 1: "a line could not be measured; its answer says why" },
      examples: [
        [
          `echo '{"n":2,"re":[0.5,0.5,0.5,0.5],"im":[0,0,0,0]}' | eigenwatch measure -`,
          "measure a pure state",
        ],
        [
          `echo '{"rho":[[0.5,0.5],[0.5,0.5]]}' | eigenwatch measure -`,
          "the same: rows as lists, and a real matrix needs no im",
        ],
        ["eigenwatch measure states.ndjson", "every state of a file; each answer begins with its time"],
        [
          `echo '{"psi":[1,0],"sigma":{"psi":[0.6,0.8]}}' | eigenwatch measure -`,
          "compare two states: fidelity, distances, relative entropy",
        ],
      ],
    }),
  )
  .action(exitWith((file) => measureFile(file)));
