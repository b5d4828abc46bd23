/** Topics of an MQTT broker. */
import type { IClientOptions, MqttClient } from "mqtt";
import type { Clock } from "../ports/clock.ts";
import {
  ANSWER_MS_MAX,
  Ended,
  ending,
  MESSAGE_BYTES_MAX,
  type MessageSink,
  type Origin,
} from "./message-origin.ts";
import type { Ending } from "./stay-connected.ts";

export interface MqttOptions {
  readonly url: string;
  /** Filters: `+` stands for a level, `#` at the end for all below. */
  readonly topics: readonly string[];
  readonly qos: 0 | 1;
  /** The broker keeps what comes for a client of this name while it is away; null: it forgets. */
  readonly client: string | null;
  readonly user: string | null;
  readonly password: string | null;
  /** Certificates that are trusted instead of the system's. */
  readonly ca: string | undefined;
  readonly clock: Clock;
}

/** Between two signs of life, s: a connection that has died is known after twice as long. */
const KEEP_ALIVE_S = 15;

/** Of a broker that takes no such client, whoever asks (MQTT 3.1.1, 3.2.2.3): version, name, password, right. */
const REFUSED_FOR_GOOD = [1, 2, 4, 5];
/** A subscription that was refused. */
const NOT_GRANTED = 128;

export class MqttOrigin implements Origin {
  readonly name: string;
  readonly forgets: boolean;
  /** A broker sends, and is not asked. */
  readonly waits = false;
  private readonly options: MqttOptions;

  constructor(options: MqttOptions) {
    this.options = options;
    this.name = `${options.url}: ${options.topics.join(", ")}`;
    this.forgets = options.client === null || options.qos === 0;
  }

  async connection(sink: MessageSink, signal: AbortSignal): Promise<Ending> {
    // Few sessions read from brokers: the others start without the library.
    const { default: mqtt } = await import("mqtt");
    const client = mqtt.connect(this.options.url, this.clientOptions());
    const ended = new Ended(signal);
    const settled = this.follow(client, sink, ended);
    try {
      return await ended.given;
    } finally {
      settled();
      // Its own listeners, of "close", end its timers.
      client.removeAllListeners("message");
      client.end(true);
    }
  }

  private clientOptions(): IClientOptions {
    const { client, user, password, ca } = this.options;
    return {
      // Attempts are counted by the feed.
      reconnectPeriod: 0,
      connectTimeout: ANSWER_MS_MAX,
      keepalive: KEEP_ALIVE_S,
      clean: client === null,
      ...(client === null ? {} : { clientId: client }),
      ...(user === null ? {} : { username: user }),
      ...(password === null ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
    };
  }

  /** Returns what ends the wait for the answer to the subscription. */
  private follow(client: MqttClient, sink: MessageSink, ended: Ended): () => void {
    const { topics, qos, url, clock } = this.options;
    let cancel = (): void => {};
    client.on("error", (error) => {
      const { code } = error as { code?: unknown };
      ended.give(
        ending(`Cannot read ${url}: ${error.message || code}`, REFUSED_FOR_GOOD.includes(Number(code))),
      );
    });
    client.on("close", () => ended.give(ending(`${url} closed the connection`)));
    client.on("message", (topic, payload, { retain }) => {
      // Of long ago, and nobody says when.
      if (retain) return;
      if (payload.length <= MESSAGE_BYTES_MAX) sink.message(topic, payload.toString("utf8"), Number.NaN);
      else
        sink.bad(
          "malformed",
          1,
          () => `${topic}: ${payload.length} bytes; expected at most ${MESSAGE_BYTES_MAX}`,
        );
    });
    client.on("connect", () => {
      // The library waits for ever.
      cancel = clock.after(ANSWER_MS_MAX, () =>
        ended.give(ending(`Cannot subscribe at ${url}: no answer in ${ANSWER_MS_MAX} ms`)),
      );
      client.subscribe([...topics], { qos }, (error, asked = [], answer) => {
        cancel();
        const codes = (answer as { granted?: readonly unknown[] } | undefined)?.granted ?? [];
        const refused = codes.findIndex((code) => Number(code) >= NOT_GRANTED);
        if (refused >= 0) ended.give(ending(`${url} refuses topic ${asked[refused]?.topic}`, true));
        else if (error) ended.give(ending(`Cannot subscribe at ${url}: ${error.message}`));
        else sink.heard();
      });
    });
    return () => cancel();
  }
}
