/** What carries out the commands of a live session. Those of a recorded one are in recordings/replay/commands.ts. */
import type { Partition } from "../actors/mod.ts";
import { type CommandHandlers, oneAtATime } from "../actors/ports/commands.ts";
import type { Journal } from "../actors/ports/journal.ts";
import { runWhatIf, runWhatIfInWorker } from "./recordings/whatif/whatif.ts";
import { injectableScenarios, prepareInjection } from "./worlds/inject.ts";

/** `recording`: the folder that `journal` writes, null when it is in memory. */
export function liveCommands(
  partition: Partition,
  journal: Journal,
  recording: string | null,
): CommandHandlers {
  const readSettings = () => ({ settings: partition.core.settings });
  return {
    listScenarios: () => ({ scenarios: injectableScenarios() }),
    listInjections: () => ({
      underWay: partition.injections().map(({ group, channels, detail }) => ({ group, channels, detail })),
    }),
    startInjection: async (request, author, _signal, id) => {
      const { started, overlay } = prepareInjection(partition, request, author);
      await partition.inject(overlay, id);
      return { started };
    },
    readSettings,
    changeSetting: async ({ path, value }, author, _signal, id) => {
      await partition.configure(path, value, author, id);
      return readSettings();
    },
    askWhatIf: oneAtATime(async (request, _author, signal) => {
      await journal.flush();
      return recording === null
        ? runWhatIf(journal, request, { signal })
        : runWhatIfInWorker(recording, request, { signal });
    }),
  };
}
