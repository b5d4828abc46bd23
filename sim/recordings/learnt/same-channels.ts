/** A feed of a recording that began with what another had learnt: its groups must have the channels that were learnt. */
import type { Feed } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Channels } from "../../../protocol/messages.ts";

/**
 * The same feed, which fails when it declares a group of `learnt` with other channels than those, before that enters the log. Channels that a
 * group gets later are as welcome as ever.
 */
export function withSameChannels(
  feed: Feed,
  learnt: (group: string) => Channels | undefined,
  from: string,
): Feed {
  const checked = new Set<string>();
  const optional = {
    ...(feed.delivery === undefined ? {} : { delivery: feed.delivery }),
    ...(feed.relays === undefined ? {} : { relays: feed.relays }),
    ...(feed.waits === undefined ? {} : { waits: feed.waits }),
  };
  return {
    ...optional,
    source: feed.source,
    kind: feed.kind,
    run: (sink) =>
      feed.run({
        channels(declaration) {
          const { group } = declaration;
          if (!checked.has(group)) checkSame(declaration, learnt(group), from);
          checked.add(group);
          sink.channels(declaration);
        },
        frame: (frame) => sink.frame(frame),
        quantum: (input) => sink.quantum(input),
        status: (status) => sink.status(status),
        drained: () => sink.drained(),
      }),
    stop: () => feed.stop(),
  };
}

function checkSame(declared: Channels, learnt: Channels | undefined, from: string): void {
  if (learnt === undefined) return;
  const names = (of: Channels) => of.channels.map(({ name }) => name);
  const [here, there] = [names(declared), names(learnt)];
  const missing = there.filter((name) => !here.includes(name));
  const added = here.filter((name) => !there.includes(name));
  const differs = [
    ...(missing.length > 0 ? [`without ${missing.join(", ")}`] : []),
    ...(added.length > 0 ? [`with ${added.join(", ")}`] : []),
    ...(missing.length + added.length === 0 && here.some((name, k) => name !== there[k])
      ? [`in another order: ${here.join(", ")}`]
      : []),
    ...(declared.innovation === learnt.innovation ? [] : [`with innovation ${declared.innovation}`]),
  ];
  if (differs.length === 0) return;
  throw new EigenwatchError({
    action: `continue group ${declared.group} as ${from} learnt it`,
    value: `it is declared ${differs.join(", ")}`,
    expected: `the channels ${there.join(", ")} with innovation ${learnt.innovation}`,
  });
}
