/** What carries out the commands of a recorded session. Those that move it answer where it is then; its actors may still be on their way. */
import { type CommandHandlers, oneAtATime } from "../../../actors/ports/commands.ts";
import { injectableScenarios } from "../../worlds/inject.ts";
import { runWhatIfInWorker } from "../whatif/whatif.ts";
import { recordedDocument } from "./document.ts";
import type { ReplaySession } from "./session.ts";

/** `recording`: its folder. `partition`: the folder of the session's partition, of which a branch is one; default: the first. */
export function recordedCommands(
  session: ReplaySession,
  recording: string,
  partition = recording,
): CommandHandlers {
  return {
    readReplay: () => session.status(),
    listReplayMarks: () => session.marks(),
    readDocument: () => recordedDocument(recording),
    play: async ({ speed }) => {
      if (speed !== undefined) await session.setSpeed(speed);
      await session.play();
      return session.status();
    },
    pause: async () => {
      await session.pause();
      return session.status();
    },
    setSpeed: async ({ speed }) => {
      await session.setSpeed(speed);
      return session.status();
    },
    seek: async (place) => {
      await session.goTo(place);
      return session.status();
    },
    listScenarios: () => ({ scenarios: injectableScenarios() }),
    listAlerts: async () => {
      await session.settled();
      return session.alerts();
    },
    askWhatIf: oneAtATime((request, _author, signal) => runWhatIfInWorker(partition, request, { signal })),
  };
}
