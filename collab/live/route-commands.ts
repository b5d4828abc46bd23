/**
 * The commands of a session of several partitions, on several nodes, in threads or in one: each goes to the partition it is about, whichever the request named.
 *
 *   about a group        the partition that has the group; samples of a new one go where it is placed
 *   about a threshold    the partition that has the threshold: each is asked which it has. So is the one of an incident
 *   a setting, a mark
 *   of no group          all partitions
 *   alerts, injections,
 *   progress             of all partitions together
 *   all else             the partition of the request
 */
import { mergedAlerts, mergedStandings } from "../../actors/mod.ts";
import type { CommandHandler, CommandHandlers, SessionCommands } from "../../actors/ports/commands.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { type CommandName, LOGGED_COMMANDS, type LoggedCommandName } from "../../protocol/commands.ts";
import type { AlertsStatus } from "../../protocol/controls.ts";
import type { Author } from "../../protocol/principal.ts";
import { holdsAlert } from "../../sim/mod.ts";

/** The session of one partition as far as commands concern it. */
export interface CommandedSession extends Pick<LiveSession, "groups" | "partition"> {
  readonly commands: SessionCommands;
}

/**
 * Replaces the handlers of all of them; a session of one partition keeps its own. `partitionOf`: that of a group, declared or not; absent where programs
 * push no samples.
 */
export function routeCommands(
  sessions: readonly CommandedSession[],
  partitionOf?: (group: string) => string,
): void {
  if (sessions.length < 2) return;
  const partitions = sessions.map((session) => new Routed(session));
  const pushes = partitionOf === undefined ? {} : pushRoutes(partitions, partitionOf);
  for (const [k, { commands }] of sessions.entries())
    commands.handle({ ...partitions[k]!.own, ...routes(partitions[k]!, partitions), ...pushes });
}

/** A partition with the handlers that it had. */
class Routed {
  readonly own: CommandHandlers;
  readonly #session: CommandedSession;

  constructor(session: CommandedSession) {
    const { commands } = session;
    this.#session = session;
    this.own = Object.fromEntries(commands.names().map((name) => [name, commands.handlerOf(name)]));
  }

  get partition(): string {
    return this.#session.partition;
  }

  has(group: string): boolean {
    return this.#session.groups().some((each) => each.group === group);
  }

  handler<Name extends CommandName>(name: Name): CommandHandler<Name> {
    return this.own[name] as CommandHandler<Name>;
  }

  async alerts(author: Author, signal: AbortSignal): Promise<AlertsStatus> {
    return this.handler("listAlerts")({}, author, signal);
  }
}

function routes(own: Routed, all: readonly Routed[]): CommandHandlers {
  const withGroup = (group: string | undefined): Routed | undefined =>
    group === undefined ? undefined : all.find((each) => each.has(group));
  /** What concerns all groups is marked in all partitions. */
  const marked: CommandHandler<"mark"> = async (body, author, signal, id) => {
    const owner = body.group === undefined ? undefined : (withGroup(body.group) ?? own);
    if (owner !== undefined) return owner.handler("mark")(body, author, signal, id);
    const answers = all.map(async (each) => ({
      each,
      answer: await each.handler("mark")(body, author, signal, id),
    }));
    return (await Promise.all(answers)).find(({ each }) => each === own)!.answer;
  };
  const logged =
    (name: LoggedCommandName): CommandHandler<LoggedCommandName> =>
    async (body, author, signal, id) => {
      if ("type" in body) return marked(body, author, signal, id);
      // A threshold is with its group, all else with the threshold that it is about.
      const { holder, silent } = await holderOf(body.id, all, author, signal);
      const target = holder ?? withGroup("of" in body ? body.of.group : undefined);
      // Whether a partition that does not answer has the threshold is not known.
      if (target === undefined && silent !== undefined) throw silent;
      return (target ?? own).handler(name)(body, author, signal, id);
    };
  return {
    listAlerts: async (_body, author, signal) =>
      mergedAlerts(await Promise.all(all.map((each) => each.alerts(author, signal)))),
    readStanding: async (_body, author, signal) =>
      mergedStandings(await Promise.all(all.map((each) => each.handler("readStanding")({}, author, signal)))),
    listInjections: async (_body, author, signal) => {
      const lists = await Promise.all(all.map((each) => each.handler("listInjections")({}, author, signal)));
      return { underWay: lists.flatMap(({ underWay }) => underWay) };
    },
    startInjection: (body, author, signal, id) =>
      (withGroup(body.group) ?? own).handler("startInjection")(body, author, signal, id),
    changeSetting: async (body, author, signal, id) => {
      const answers = await Promise.all(
        all.map(async (each) => ({
          each,
          answer: await each.handler("changeSetting")(body, author, signal, id),
        })),
      );
      return answers.find(({ each }) => each === own)!.answer;
    },
    ...Object.fromEntries(LOGGED_COMMANDS.map((name) => [name, logged(name)])),
  };
}

function pushRoutes(all: readonly Routed[], partitionOf: (group: string) => string): CommandHandlers {
  const placeOf = (group: string): Routed => {
    const name = partitionOf(group);
    return all.find(({ partition }) => partition === name)!;
  };
  return {
    pushSamples: (body, author, signal, id) =>
      placeOf(body.group).handler("pushSamples")(body, author, signal, id),
    readPushed: (body, author, signal, id) =>
      placeOf(body.group).handler("readPushed")(body, author, signal, id),
  };
}

/** The partition that has the threshold or the incident, and the error of the first one that could not say, such as one without an owner. */
async function holderOf(
  id: string,
  all: readonly Routed[],
  author: Author,
  signal: AbortSignal,
): Promise<{ readonly holder: Routed | undefined; readonly silent: unknown }> {
  const lists = await Promise.allSettled(all.map((each) => each.alerts(author, signal)));
  const holds = (list: PromiseSettledResult<AlertsStatus>): boolean =>
    list.status === "fulfilled" && holdsAlert(list.value, id);
  return {
    holder: all[lists.findIndex(holds)],
    silent: lists.find((list) => list.status === "rejected")?.reason,
  };
}
