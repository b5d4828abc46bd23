/** What people may do to a session through the gateway, for the two kinds of session there are. */
import { askedAsync, type Partition } from "../actors/mod.ts";
import type { SessionControls, WhatIfControls } from "../actors/ports/controls.ts";
import type { Journal } from "../actors/ports/journal.ts";
import type { InjectableScenario } from "../protocol/controls.ts";
import type { ReplaySession } from "./recordings/replay/session.ts";
import { parseWhatIfRequest } from "./recordings/whatif/request.ts";
import { runWhatIf, runWhatIfInWorker } from "./recordings/whatif/whatif.ts";
import { parseInjectRequest, startInjection } from "./worlds/inject.ts";
import { findScenario, injectableNames } from "./worlds/scenarios.ts";

/** `recording`: the folder that `journal` writes, null when it is in memory. */
export function liveControls(
  partition: Partition,
  journal: Journal,
  recording: string | null,
): SessionControls {
  return {
    inject: {
      scenarios,
      start: (request, author) =>
        askedAsync(async () => {
          const { started, entered } = startInjection(partition, parseInjectRequest(request), author);
          await entered;
          return started;
        }),
      underWay: () =>
        partition.injections().map(({ group, channels, detail }) => ({ group, channels, detail })),
    },
    settings: {
      current: () => partition.core.settings,
      change: (path, value, author) => partition.configure(path, value, author),
    },
    whatIf: {
      scenarios,
      async run(request, signal) {
        const parsed = parseWhatIfRequest(request);
        await journal.flush();
        return recording === null
          ? runWhatIf(journal, parsed, { signal })
          : runWhatIfInWorker(recording, parsed, { signal });
      },
    },
  };
}

/** `recording`: its folder. */
export function recordedControls(session: ReplaySession, recording: string): SessionControls {
  const whatIf: WhatIfControls = {
    scenarios,
    run: async (request, signal) => runWhatIfInWorker(recording, parseWhatIfRequest(request), { signal }),
  };
  return { replay: session, whatIf };
}

function scenarios(): InjectableScenario[] {
  return injectableNames().map((name) => {
    const { title, family } = findScenario(name);
    return { name, title, family };
  });
}
