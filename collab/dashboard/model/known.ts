/** What the page knows of channels, for sentences about them. */
import type { Known, Named } from "./incident-words.ts";
import type { Model } from "./model.ts";

export function knownOf(model: Model): Known {
  const named = (group: string, channel: string): Named =>
    model.channelsByKey.get(`${group}/${channel}`) ?? { title: channel, unit: "" };
  return {
    named,
    usual: (group, channel) => model.usual.peek().get(`${group}/${channel}`) ?? null,
    valueAt: (group, channel, timeUs) =>
      model.channelsByKey.get(`${group}/${channel}`)?.series.valueBefore(timeUs) ?? Number.NaN,
  };
}
