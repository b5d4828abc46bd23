/** The kind `mqtt`: what devices publish to a broker (mqtt-origin.ts). */
import { badSpec, feedKind } from "./feed-kind.ts";
import { MESSAGE_OPTIONS, MessageFeed } from "./message-feed.ts";
import { MqttOrigin } from "./mqtt-origin.ts";
import { choice, names, text } from "./options.ts";
import { authoritiesAt, hostNamed, serverAddress } from "./server-address.ts";
import { tokenOf } from "./token-file.ts";

const PROTOCOLS = ["mqtt", "mqtts", "ws", "wss"];

export const mqttKind = feedKind({
  target: "HOST[:PORT]",
  help: "topics of an MQTT broker: numbers, or JSON with numbers in it",
  options: {
    topics: names("topics, separated by commas: plant/+/temperature,house/#"),
    qos: choice(["0", "1"], "1: the broker sends again what may have been lost (default: 0)"),
    client: text("name under which the broker keeps what comes while there is no connection, with qos=1"),
    user: text("name of the user"),
    ...MESSAGE_OPTIONS,
  },
  named: hostNamed,
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    const { topics, qos, client, user, passwordFile, ca, every, series, time } = options;
    const url = serverAddress(spec, target, PROTOCOLS);
    if (url.username !== "") throw badSpec(spec, "the address has a user", "none, and user=NAME");
    if (topics.length === 0) throw badSpec(spec, "it names no topics", "topics=plant/+/temperature");
    const wrong = topics.find((topic) => !/^([^#+/]*|\+)(\/([^#+/]*|\+))*(\/#)?$|^#$/.test(topic));
    if (wrong !== undefined)
      throw badSpec(spec, `${wrong} is no topic`, "+ as a whole level, # as the last one");
    if (client !== undefined && qos !== "1") throw badSpec(spec, `client=${client} without qos=1`, "both");
    const origin = new MqttOrigin({
      ...{ url: url.href, topics, qos: qos === "1" ? 1 : 0, client: client ?? null, user: user ?? null },
      password: tokenOf(spec, passwordFile, "password"),
      ca: authoritiesAt(spec, url, ca),
      clock,
    });
    return new MessageFeed({
      ...{ source, group, origin, clock, random: Math.random },
      ...{ everyUs: every, seriesMax: series, timeKey: time ?? null },
    });
  },
});
